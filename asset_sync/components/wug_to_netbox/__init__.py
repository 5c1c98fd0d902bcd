"""WhatsUp Gold → NetBox: what monitoring found comes back.

Reading order: `component` (the YAML and the assets), `found` (which devices NetBox does not know yet).
"""
