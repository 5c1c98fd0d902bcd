"""`asset-sync serve`: the review page and the REST service."""

from typing import Final

import click
import uvicorn

from asset_sync import settings
from asset_sync.access.passwords import SHORTEST
from asset_sync.api.app import create_app
from asset_sync.cli.console import Whole
from asset_sync.cli.ports import check_free
from asset_sync.cli.signals import until_stopped
from asset_sync.logs.handler import kept
from asset_sync.operations.definitions import sync_names
from asset_sync.reconcile.errors import ConfigurationError

_VARIABLE: Final = "ASSET_SYNC_API_TOKEN"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=Whole(1, 65_535), default=8400, show_default=True)
def serve(host: str, port: int) -> None:
    """Serve the review page, below /review, and the REST API; ASSET_SYNC_API_TOKEN holds the token that it asks scripts for."""
    token = settings.require(_VARIABLE)
    if len(token) < SHORTEST:
        raise ConfigurationError(
            f"{_VARIABLE} has {len(token)} characters, and needs {SHORTEST} at least, for it signs sessions, too: "
            f"set what `openssl rand -hex 32` prints in the environment or in .env"
        )
    # What is wrong with a sync's YAML is to be told now, not to whoever asks first.
    sync_names()
    check_free(host, port)
    with until_stopped(), kept():
        # Who a request comes from is for asset_sync.access to tell: it knows the proxies by their addresses.
        uvicorn.run(create_app(token), host=host, port=port, proxy_headers=False)
