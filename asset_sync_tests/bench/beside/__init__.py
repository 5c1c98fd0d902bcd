"""The same work by four means, and a mirror by two: requests, seconds and memory of each. ../README.md says how."""
