"""What the clients of all systems have in common."""

from asset_sync.systems.http.client import Client, Closing
from asset_sync.systems.http.pace import Tally


class SystemClient(Closing):
    """A context manager over the HTTP client of one system, for the system's own client to build on."""

    def __init__(self, http: Client) -> None:
        self._http = http

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._http.base_url!r}, writable={self.writable})"

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._http.close()

    @property
    def http(self) -> Client:
        """The HTTP client below, for what is asked of every system alike."""
        return self._http

    @property
    def tally(self) -> Tally:
        """The requests sent so far."""
        return self._http.tally

    @property
    def writable(self) -> bool:
        """Whether it may write; where not, it raises for each write."""
        return self._http.writable
