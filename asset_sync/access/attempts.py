"""How often somebody may try to sign in."""

from typing import Final

from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

OF_ADDRESS: Final = 20
"""So many tries an address has within five minutes."""
OF_NAME: Final = 30
"""So many tries are made for a name within an hour, from wherever."""
_ADDRESS: Final = RateLimitItemPerMinute(OF_ADDRESS, 5, namespace="address")
_NAME: Final = RateLimitItemPerHour(OF_NAME, namespace="name")


class Attempts:
    """Counts tries to sign in, in this process."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def allow(self, address: str, name: str) -> bool:
        """Count a try; tell whether it may be made."""
        return all([self._limiter.hit(_ADDRESS, address), self._limiter.hit(_NAME, name)])

    def forget(self, name: str) -> None:
        """Count no more what was tried for a name before its person came."""
        self._limiter.clear(_NAME, name)
