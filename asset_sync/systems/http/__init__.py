"""HTTP for all systems: one client with retries, limits, a request budget and errors of one line (DESIGN §8).

Reads are repeated when the network or the server stumbles; a write is only repeated where the server said that it did not
take it. What comes back is JSON or an error, never a login page taken for an empty answer.

`client` is what systems use, `system` what their own clients are built on; `retries` says what is tried again, `pace` and
`sharing` when a request may leave, `transport` sends it, `wording` tells what came of it, `masking` keeps secrets out of
that, and `session` lends all of it to libraries; `checking` is what a checkup asks of every system alike, by what was `heard`
of it and its `certificate`.
"""

from asset_sync.systems.http.client import Client
from asset_sync.systems.http.errors import Answered, HttpError, NeverReached, NotSettled, Unreachable, may_pass, never_reached
from asset_sync.systems.http.pace import Tally, Throttle
from asset_sync.systems.http.session import session
from asset_sync.systems.http.sharing import Budget, current_sharing, sharing
from asset_sync.systems.http.system import SystemClient

__all__ = [
    "Answered",
    "Budget",
    "Client",
    "HttpError",
    "NeverReached",
    "NotSettled",
    "SystemClient",
    "Tally",
    "Throttle",
    "Unreachable",
    "current_sharing",
    "may_pass",
    "never_reached",
    "session",
    "sharing",
]
