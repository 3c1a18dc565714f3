"""Answers along a parameter: frontiers, thresholds and portfolios."""
