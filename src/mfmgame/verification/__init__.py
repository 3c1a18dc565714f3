"""Checks of answers in exact numbers, with no solver."""
