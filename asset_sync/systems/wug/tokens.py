"""The access token of a session: taken by password, kept fresh by the refresh token, renewed by one thread at a time.

Source: facts/wug.md §1. `POST /token` takes a form and answers with tokens and `expires_in` seconds; each refresh answers
with a new refresh token; a wrong password is a 400 with `invalid_grant`, not a 401.
"""

import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from asset_sync.reconcile.errors import TargetError, TargetUnavailable
from asset_sync.systems.http import Answered, Client, HttpError, may_pass

_FRESH_S: Final = 300.0
"""A token with less than that left is renewed before it is used."""
_REFUSED: Final = (400, 401, 403)


class Tokens:
    """Keeps `http` authorised. Safe to share between threads. User name, password and tokens appear in no error or repr."""

    def __init__(self, http: Client, username: str, password: str) -> None:
        self._http = http
        self._by_password = {"grant_type": "password", "username": username, "password": password}
        self._refresh_token: str | None = None
        self._renew_at = 0.0
        self._number = 0
        self._lock = threading.Lock()

    def ready(self) -> int:
        """See that the token is good for the next request; return its number, which `renew` is told if it was not.

        Raises `TargetError` where WhatsUp Gold gives no token, `TargetUnavailable` where it may later.
        """
        with self._lock:
            if self._number == 0 or time.monotonic() >= self._renew_at:
                self._renew()
            return self._number

    def renew(self, number: int) -> None:
        """Replace the token of that number, unless another thread has done it already; raises as `ready` does."""
        with self._lock:
            if self._number == number:
                self._renew()

    def _renew(self) -> None:
        answer = self._refreshed()
        self._keep(self._signed_in() if answer is None else answer)

    def _refreshed(self) -> Any:
        """Return the answer to the refresh token, None where there is none or it is refused."""
        if self._refresh_token is None:
            return None
        token, self._refresh_token = self._refresh_token, None
        try:
            return self._http.ask_form("/token", {"grant_type": "refresh_token", "refresh_token": token})
        except Answered as error:
            if error.status in _REFUSED:
                return None
            raise _no_token(error) from None
        except HttpError as error:
            raise _no_token(error) from None

    def _signed_in(self) -> Any:
        try:
            return self._http.ask_form("/token", self._by_password)
        except Answered as error:
            if error.status in _REFUSED:
                raise TargetError(f"WhatsUp Gold at {self._http.base_url} refuses the username or the password") from None
            raise _no_token(error) from None
        except HttpError as error:
            raise _no_token(error) from None

    def _keep(self, answer: Any) -> None:
        found = answer if isinstance(answer, Mapping) else {}
        access, refresh, lifetime = (found.get(name) for name in ("access_token", "refresh_token", "expires_in"))
        if not isinstance(access, str) or not access.isascii() or not access.isprintable() or not access.strip():
            raise TargetError(f"{self._http.base_url} does not give a token as WhatsUp Gold does; check the address")
        self._http.authorize(f"Bearer {access}")
        self._refresh_token = refresh if isinstance(refresh, str) and refresh else None
        if self._refresh_token is not None:
            self._http.hide(self._refresh_token)
        seconds = float(lifetime) if isinstance(lifetime, int | float) else 0.0
        # A server with tokens of a few minutes would otherwise be asked for one before each request.
        self._renew_at = time.monotonic() + seconds - min(_FRESH_S, seconds / 2)
        self._number += 1


def _no_token(error: HttpError) -> TargetError:
    """Return the error without the answer's own words: a server may quote the form."""
    status = error.status if isinstance(error, Answered) else None
    words = f"WhatsUp Gold gives no token: it answered {status}" if status else str(error)
    return (TargetUnavailable if may_pass(error) else TargetError)(words)
