"""The circuit breaker: a certified limit, exact charges, and their state."""
