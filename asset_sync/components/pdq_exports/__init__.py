"""PDQ export files → NetBox.

Reading order: `folder` (files as people drop them), `kept` (their bytes, once accepted), `watch` (which of them are new),
`sensor` (how Dagster asks), `component` (the assets).
"""
