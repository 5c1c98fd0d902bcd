"""The review page: server-rendered, in the same service as REST, thin over `asset_sync.operations`."""
