"""Strings that match patterns of JSON Schema: their number, and membership."""
