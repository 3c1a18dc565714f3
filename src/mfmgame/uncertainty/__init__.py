"""Uncertain inputs: their values, their games, and sensitivities to them."""
