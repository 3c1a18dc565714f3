"""Worth of each defense and of each change."""
