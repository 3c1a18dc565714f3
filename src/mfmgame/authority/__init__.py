"""Exact counts of the tool calls that an agent may make."""
