"""Checks of answers, in exact numbers and with no solver."""
