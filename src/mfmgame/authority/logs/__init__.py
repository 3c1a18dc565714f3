"""Logs of agent runs: calls, used bits, and sessions to stop."""
