"""The command line: thin over `asset_sync.operations`."""
