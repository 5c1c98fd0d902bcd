"""The service over real HTTP, to its end: what it carries out runs beside the tests, and must not outlive the one it is of."""

from collections.abc import Iterator
from contextlib import contextmanager

from asset_sync.api.app import create_app
from asset_sync.sandbox.server import Server


@contextmanager
def serving(token: str, *, port: int = 0) -> Iterator[Server]:
    """Serve, and end with the worker, which a server that is stopped at once does not wait for."""
    app = create_app(token)
    try:
        with Server(app, port=port) as server:
            yield server
    finally:
        app.state.worker.close()
