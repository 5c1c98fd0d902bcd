"""`asset-sync serve`: the review page and the REST service."""

import click
import uvicorn

from asset_sync import settings
from asset_sync.api.app import create_app
from asset_sync.cli.ports import check_free
from asset_sync.cli.signals import until_stopped
from asset_sync.logs.handler import kept
from asset_sync.operations.definitions import keeping_instance, sync_names


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65_535), default=8400, show_default=True)
def serve(host: str, port: int) -> None:
    """Serve the review page, below /review, and the REST API; ASSET_SYNC_API_TOKEN holds the token that it asks scripts for."""
    token = settings.require("ASSET_SYNC_API_TOKEN")
    # What is wrong with a sync's YAML is to be told now, not to whoever asks first.
    sync_names()
    check_free(host, port)
    with until_stopped(), kept(), keeping_instance():
        # Who a request comes from is for asset_sync.access to tell: it knows the proxies by their addresses.
        uvicorn.run(create_app(token), host=host, port=port, proxy_headers=False)
