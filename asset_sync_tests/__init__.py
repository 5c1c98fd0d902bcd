"""asset_sync keeps IT inventory systems in step."""
