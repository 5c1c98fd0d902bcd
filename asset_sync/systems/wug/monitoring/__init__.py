"""What WhatsUp Gold brings into the syncs that write to it: `Monitoring`, each of whose methods is a step of theirs.

Reading order: `steps` (all of them), `addresses` (which ones can be monitored), `shaping` (what WhatsUp Gold should hold),
`waiting` (what must not be created now), `tracked` (plans carried out, with the table of exports), `following` (scans to their
end).
"""
