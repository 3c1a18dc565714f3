"""Numbers and equations, with no word of the game."""
