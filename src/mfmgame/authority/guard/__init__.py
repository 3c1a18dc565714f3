"""The guard: a proxy between a client and a server of tools."""
