"""The search for the best allocation."""
