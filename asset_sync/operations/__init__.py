"""What a person or a program asks of asset_sync: run a sync, look at plans, approve, apply, undo.

The command line and the REST service are both thin over this. `runs` runs Dagster jobs, `plans` is about plans.
"""
