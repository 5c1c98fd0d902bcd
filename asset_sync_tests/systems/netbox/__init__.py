"""Tests of the NetBox client and target."""
