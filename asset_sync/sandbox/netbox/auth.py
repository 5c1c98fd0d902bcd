"""Users, tokens and rights."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from asset_sync.sandbox.netbox.errors import ApiError, forbidden

Action = Literal["view", "add", "change", "delete"]
ACTIONS: dict[str, Action] = {
    "GET": "view",
    "HEAD": "view",
    "POST": "add",
    "PUT": "change",
    "PATCH": "change",
    "DELETE": "delete",
}

DEFAULT_TOKEN = "0123456789abcdef0123456789abcdef01234567"  # noqa: S105 - a made-up token of a simulator
DEFAULT_TOKEN_V2 = "nbt_sandbox00001.sandboxsecret000000000000000000000000000"  # noqa: S105
READ_ONLY_TOKEN = "f" * 40


@dataclass(frozen=True)
class User:
    """Who a token belongs to."""

    id: int = 1
    username: str = "admin"
    email: str = "admin@example.com"


@dataclass(frozen=True)
class Token:
    """A token and its rights. `secret` is all that follows Token or Bearer in the header."""

    secret: str
    user: User = User()
    writes: bool = True
    """False: a read-only token."""
    may_read: frozenset[str] | None = None
    """The endpoints it may read (None: all)."""
    may_write: frozenset[str] | None = None
    only: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Rows it is limited to: endpoint -> {stored field: value}."""
    writes_only: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Rows that it may write, of those that it may read; as in `only`."""

    def check(self, action: Action, endpoint: str) -> None:
        """Refuse with 403 what the token has no right to."""
        if action != "view" and not self.writes:
            raise forbidden()
        allowed = self.may_read if action == "view" else self.may_write
        if allowed is not None and endpoint not in allowed:
            raise forbidden()

    def may(self, action: Action, endpoint: str) -> bool:
        """Whether it has that right to objects of a type, whatever the single object is."""
        try:
            self.check(action, endpoint)
        except ApiError:
            return False
        return True

    def covers(self, endpoint: str, row: Mapping[str, Any]) -> bool:
        """Whether the row is among those the token is limited to."""
        return _fits(row, self.only.get(endpoint))

    def covers_write(self, endpoint: str, row: Mapping[str, Any]) -> bool:
        """Whether it may write to the row."""
        return self.covers(endpoint, row) and _fits(row, self.writes_only.get(endpoint))


def _fits(row: Mapping[str, Any], limits: Mapping[str, Any] | None) -> bool:
    return not limits or all(row.get(name) == value for name, value in limits.items())


class Tokens:
    """All tokens of the server."""

    def __init__(self) -> None:
        self._tokens: list[Token] = []

    def add(self, token: Token) -> Token:
        """Make a token known."""
        self._tokens.append(token)
        return token

    def authenticate(self, header: str | None) -> Token:
        """The token a request shows in its Authorization header."""
        scheme, _, value = (header or "").partition(" ")
        value = value.strip()
        if scheme.lower() == "token" and value:
            return self._find(value, "Invalid v1 token")
        if scheme.lower() == "bearer" and value:
            if not value.startswith("nbt_") or "." not in value:
                raise forbidden(
                    "Invalid authorization header: Could not parse key from v2 token. "
                    "Did you mean to use 'Token' instead of 'Bearer'?"
                )
            return self._find(value, "Invalid v2 token")
        raise forbidden("Authentication credentials were not provided.")

    def _find(self, value: str, refusal: str) -> Token:
        for token in self._tokens:
            if hmac.compare_digest(token.secret.encode(), value.encode()):
                return token
        raise forbidden(refusal)


def default_tokens() -> Tokens:
    """A writer in both formats, and a reader."""
    tokens = Tokens()
    tokens.add(Token(DEFAULT_TOKEN))
    tokens.add(Token(DEFAULT_TOKEN_V2))
    tokens.add(Token(READ_ONLY_TOKEN, writes=False))
    return tokens
