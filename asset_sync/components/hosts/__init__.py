"""Documents of hosts as they come in: dropped into a folder, taken in, and synced by one run for all that came."""
