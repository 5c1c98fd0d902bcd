"""Ports that a command listens on."""

import errno
import socket

from asset_sync.reconcile.errors import ConfigurationError


def check_free(host: str, port: int, option: str = "--port") -> None:
    """Raise `ConfigurationError` where nobody can listen on a port, which that option of the command names."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        if error.errno in (errno.EADDRNOTAVAIL, socket.EAI_NONAME):
            raise ConfigurationError(f"{host} is no address of this machine ({error.strerror}): give another --host") from None
        raise ConfigurationError(f"port {port} cannot be used ({error.strerror}): give another one with {option}") from None
