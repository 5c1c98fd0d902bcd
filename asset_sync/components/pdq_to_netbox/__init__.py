"""PDQ Connect → NetBox."""
