"""The one policy of retries: which attempts are followed by another one, and after how long a wait."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from urllib3.exceptions import InvalidHeader
from urllib3.util.retry import Retry

from asset_sync.systems.http.transport import NoAnswer, Request, Response

ATTEMPTS: Final = 5
"""How often a request is sent at most."""

_BUSY: Final = frozenset({429, 502, 503, 504})
_NOT_TAKEN: Final = frozenset({429, 503})
"""What a server answers that did not look at a write; with 502 and 504 a proxy speaks, and it may have passed the write on."""
_FIRST_WAIT_S: Final = 0.5
_FIRST_WAIT_UNREACHED_S: Final = 0.1
"""Of a system that was never reached: all attempts together take a person's patience, 1.5 s, not a restart's time."""


def never(_: Response) -> bool:
    """Say of an answer that it does not tell whether the request was taken back."""
    return False


@dataclass(frozen=True, slots=True)
class Retries:
    """What only asks is sent again after everything that may pass, a write only where it surely was not taken.

    `longest_wait` seconds caps each wait, whatever Retry-After asks for (367946340 has been seen). `waits_for_429` is off
    where a throttle waits after a 429 by itself. `undid` says of an answer whether the server took all of the request back,
    which may succeed if it is sent again as it is.
    """

    longest_wait: float
    waits_for_429: bool = True
    undid: Callable[[Response], bool] = never

    def wait(self, request: Request, attempt: int, outcome: Response | NoAnswer, *, reached: bool = True) -> float | None:
        """Return the seconds until the next attempt after the one of that number, from 1; None where there is none.

        `reached` says that the system has answered before: what never did is not waited for.
        """
        unreached = not reached and isinstance(outcome, NoAnswer) and outcome.failed is not None
        if attempt >= ATTEMPTS or not self._another_may_help(request, outcome) or (unreached and _takes_long(outcome)):
            return None
        doubled = (_FIRST_WAIT_UNREACHED_S if unreached else _FIRST_WAIT_S) * 2.0 ** (attempt - 1)
        if isinstance(outcome, NoAnswer):
            return min(doubled, self.longest_wait)
        if outcome.status == 429 and not self.waits_for_429:
            return 0
        return min(_retry_after(outcome.headers.get("Retry-After")) or doubled, self.longest_wait)

    def _another_may_help(self, request: Request, outcome: Response | NoAnswer) -> bool:
        if isinstance(outcome, NoAnswer):
            return outcome.may_pass and (request.only_asks or not outcome.sent)
        return outcome.status in (_BUSY if request.only_asks else _NOT_TAKEN) or self.undid(outcome)


def asks_to_wait(answer: Response) -> bool:
    """Tell whether a server asks to be sent less, and is not merely away."""
    return is_asked_to_wait(answer.status, answer.headers)


def is_asked_to_wait(status: int, headers: Mapping[str, str]) -> bool:
    """Tell the same of the status and the headers of an answer."""
    return status == HTTPStatus.TOO_MANY_REQUESTS or "Retry-After" in headers


def _takes_long(outcome: Response | NoAnswer) -> bool:
    """Tell whether an attempt itself may take seconds to fail: a resolver that is asked in vain, a host that keeps silent."""
    return isinstance(outcome, NoAnswer) and (outcome.failed == "name" or "in time" in outcome.why)


def _retry_after(value: str | None) -> float:
    """Return the seconds that a Retry-After asks for; 0 for none, for a moment that is past, and for what nobody can read."""
    try:
        return float(Retry().parse_retry_after(value)) if value else 0
    except (InvalidHeader, OverflowError, ValueError):
        return 0
