"""Files, signals and worker processes of the machine."""
