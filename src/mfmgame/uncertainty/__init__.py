"""Uncertain inputs: what numbers may be, the games they make, and ensembles of answers."""
