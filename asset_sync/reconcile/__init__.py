"""The pure core: what is the same, what differs, whose word counts, and what is to be done about it.

Nothing here talks HTTP, Dagster or a database, and the only clock is one passed in. It imports nothing of the project's
but itself. Reading order: `kinds` (what is synced), `mapping` (source to desired), `identity` (match), `merge` (owners),
`planning` (the plan), `guards` (what stops it), `apply` (the plan carried out), `undo` (its inverse), `report` (its words).
"""
