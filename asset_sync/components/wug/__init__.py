"""What the syncs that read or write WhatsUp Gold have in common: connections as partitions, and when each is due."""
