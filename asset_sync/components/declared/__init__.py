"""A sync by its YAML alone: which tables of a system become which kinds of another.

Reading order: `component` (the YAML), `mapping` (what it says of fields), `checking` (how it is refused), `assets` (the ends of
the staircase).
"""
