"""Access and refresh tokens: OAuth 2 by password, with rotation (WhatsUp Gold API 2026.0)."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

_BYTES = 208
"""Makes tokens of 278 characters, as the server's are."""


@dataclass(frozen=True, slots=True)
class _Access:
    user: str
    end: float


class Tokens:
    """The tokens that were given out. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._access: dict[str, _Access] = {}
        self._refresh: dict[str, str] = {}

    def issue(self, user: str, seconds: float) -> tuple[str, str]:
        """A new access token, good for so many seconds, and a new refresh token."""
        access, refresh = secrets.token_urlsafe(_BYTES), secrets.token_urlsafe(_BYTES)
        self._access[access] = _Access(user, self._clock() + seconds)
        self._refresh[refresh] = user
        return access, refresh

    def use_refresh(self, token: str) -> str | None:
        """The user of a refresh token, which is used up by this; None for one that is not known."""
        return self._refresh.pop(token, None)

    def user(self, token: str) -> str | None:
        """The user of an access token, None where it is unknown or at its end."""
        access = self._access.get(token)
        return access.user if access is not None and self._clock() < access.end else None

    def has_ended(self, token: str) -> bool:
        """Whether a token was given out here and is at its end."""
        return token in self._access and self.user(token) is None

    def expire(self, *, refresh: bool) -> None:
        """End all access tokens, and the refresh tokens too if that is asked for."""
        self._access = {token: _Access(access.user, self._clock()) for token, access in self._access.items()}
        if refresh:
            self._refresh.clear()
