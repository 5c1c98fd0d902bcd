"""What can go wrong between a system and us."""

from typing import Any

from asset_sync.reconcile.errors import AssetSyncError


class HttpError(AssetSyncError):
    """A system could not be asked or did not answer in a way that can be used; surely no write of ours was stored."""


class Unreachable(HttpError):
    """The system could not be reached, or the connection broke before a whole answer came."""


class NeverReached(Unreachable):
    """The system was not reached once since this process began: an address, a name or a certificate is more likely wrong."""


class Answered(HttpError):
    """The system answered with an error. `body` is the answer's JSON without our secrets, None where it was not JSON."""

    def __init__(self, message: str, status: int, body: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = body


class NotSettled(HttpError):
    """A write was sent and no usable answer came: it may have been stored, or may be later. Read before trying again."""


def never_reached(error: BaseException | None) -> bool:
    """Tell whether an error came of a system that was never reached, also where its words were taken over by another one."""
    while error is not None and not isinstance(error, NeverReached):
        # The context, because those that take the words over leave the cause out, which nobody is to see.
        error = error.__cause__ or error.__context__
    return error is not None


def may_pass(error: HttpError) -> bool:
    """Return whether the same question may be answered later: no connection, a throttle, a server out of order."""
    return isinstance(error, Unreachable) or (isinstance(error, Answered) and (error.status >= 500 or error.status == 429))
