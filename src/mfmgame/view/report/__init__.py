"""The report: one page that explains itself, with its data and its charts inside."""
