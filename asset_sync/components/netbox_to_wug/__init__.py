"""NetBox → WhatsUp Gold: devices that have an address get monitored.

Reading order: `component` (the YAML, the assets and jobs), `desired` (what WhatsUp Gold should hold), `waiting` (what must not
be created now), `tracked` (plans carried out, with the table of exports), `following` (scans to their end), `sensors`.
"""
