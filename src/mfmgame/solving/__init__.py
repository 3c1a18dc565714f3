"""Search for the optimal allocation."""
