"""Scenarios as tables: workbooks and folders of CSV files."""
