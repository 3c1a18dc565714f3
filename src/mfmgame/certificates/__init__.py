"""Proofs of bounds that hold whatever the solver did."""
