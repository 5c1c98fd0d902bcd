"""Snipe-IT → PostgreSQL as a component."""
