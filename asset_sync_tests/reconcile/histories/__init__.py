"""Random histories of a source, its target and the people in it, judged by an oracle of its own.

`kinds` says what is synced, `source` and `people` what happens on both sides, `script` what a history is and how one is drawn,
`lab` carries it out with faults, `oracle` says what must never happen, `settled` what must be so in the end, and `play` puts
them together. `python -m asset_sync_tests.reconcile.histories --help` runs many of them.
"""
