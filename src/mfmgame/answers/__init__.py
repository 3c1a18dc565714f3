"""Answers as frozen data, and the rules that search and check share."""
