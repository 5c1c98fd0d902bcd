"""The outside world: one module a system, with its Dagster resource, its client and its record tables."""
