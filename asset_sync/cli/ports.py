"""Ports that a command listens on."""

import socket

from asset_sync.reconcile.errors import ConfigurationError


def check_free(host: str, port: int) -> None:
    """Raise `ConfigurationError` where nobody can listen on a port."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        raise ConfigurationError(f"port {port} cannot be used ({error.strerror}): give another one with --port") from None
