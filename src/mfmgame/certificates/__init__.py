"""Proofs of bounds that hold whatever a solver did."""
