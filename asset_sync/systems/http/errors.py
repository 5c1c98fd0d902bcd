"""What can go wrong between a system and us."""

from typing import Any

from asset_sync.reconcile.errors import AssetSyncError


class HttpError(AssetSyncError):
    """A system could not be asked or did not answer in a way that can be used; surely no write of ours was stored."""


class Unreachable(HttpError):
    """The system could not be reached, or the connection broke before a whole answer came."""


class Answered(HttpError):
    """The system answered with an error. `body` is the answer's JSON without our secrets, None where it was not JSON."""

    def __init__(self, message: str, status: int, body: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = body


class NotSettled(HttpError):
    """A write was sent and no usable answer came: it may have been stored, or may be later. Read before trying again."""


def may_pass(error: HttpError) -> bool:
    """Return whether the same question may be answered later: no connection, a throttle, a server out of order."""
    return isinstance(error, Unreachable) or (isinstance(error, Answered) and (error.status >= 500 or error.status == 429))
