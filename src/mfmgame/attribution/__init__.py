"""What each defense and each change is worth."""
