"""Numbers and equations, independent of the game."""
