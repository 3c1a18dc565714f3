"""The search for the best allocation; the only room that knows HiGHS."""
