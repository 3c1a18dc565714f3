"""Evidence: counts of attacks from scans and benchmarks, and the numbers that they give."""
