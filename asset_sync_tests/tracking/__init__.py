"""Tests of the tracking, on a real PostgreSQL."""
