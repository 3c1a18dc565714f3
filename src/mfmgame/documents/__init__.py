"""Documents that users write and read: scenarios, catalogs, results, and their JSON Schemas."""
