"""Calls that a policy allows, counted from JSON Schemas."""
