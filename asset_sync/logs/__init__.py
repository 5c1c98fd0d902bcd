"""What is logged of runs: a line each to a file by day and to a syslog server, in text or JSON, without secrets.

Dagster's `dagster.yaml` names `handler.RunLog`, which gets what all runs say, whoever started them; the environment says where
it goes. Reading order: `masking`, `lines` (what a line says), `runs` (what Dagster tells of a run), `days`, `syslog`, `spans`,
`handler`.
"""
