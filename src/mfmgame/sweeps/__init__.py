"""Answers along a parameter: frontiers, thresholds, portfolios."""
