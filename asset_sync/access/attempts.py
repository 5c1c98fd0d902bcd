"""How often somebody may try to sign in."""

import math
import time
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

    def wait_s(self, address: str, name: str) -> int | None:
        """Count a try; return None where it may be made, else after how many seconds the next one may be."""
        tried = ((_ADDRESS, address), (_NAME, name))
        over = [which for which in tried if not self._limiter.hit(*which)]
        if not over:
            return None
        free_again = max(self._limiter.get_window_stats(*which).reset_time for which in over)
        return max(1, math.ceil(free_again - time.time()))

    def forget(self, name: str) -> None:
        """Count no more what was tried for a name before its person came."""
        self._limiter.clear(_NAME, name)
