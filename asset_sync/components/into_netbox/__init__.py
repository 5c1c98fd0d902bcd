"""What the syncs into NetBox have in common: the assets around the staircase, and the tables that they make of machines."""
