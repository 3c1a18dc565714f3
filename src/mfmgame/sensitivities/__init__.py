"""Other optima, prices and derivatives."""
