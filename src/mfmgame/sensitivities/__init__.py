"""Other optima, one-sided prices and derivatives."""
