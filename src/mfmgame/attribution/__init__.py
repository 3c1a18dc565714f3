"""Measure the worth of each defense and of each change."""
