"""Random draws of uncertain numbers, each solved."""
