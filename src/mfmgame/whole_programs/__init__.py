"""The whole game as one linear or mixed-integer program."""
