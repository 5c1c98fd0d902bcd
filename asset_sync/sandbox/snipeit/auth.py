"""Tokens: who they belong to and what that person may see."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

DEFAULT_TOKEN = "sandbox-snipeit-token"  # noqa: S105 - the simulator's own, good for nothing else


@dataclass(frozen=True, slots=True)
class Token:
    """A personal access token: the rights of the user that it belongs to, and a share of that user's throttle.

    Who is no superuser sees custom fields that are encrypted as `ENCRYPTED`, product keys as dashes, and, with a
    `company_id`, the rows of that company alone (Full Multiple Company Support). `denied` names endpoints that answer
    403, such as `hardware` or `reports/activity`. `locale` is the language of the words in answers: `en-US`, `de-DE`.
    """

    user_id: int = 1
    superuser: bool = True
    company_id: int | None = None
    denied: frozenset[str] = frozenset()
    locale: str = "en-US"

    @property
    def scope(self) -> int | None:
        """The company that it is held to, or None for all."""
        return None if self.superuser else self.company_id


def find_token(tokens: Mapping[str, Token], header: str | None) -> Token | None:
    """The token that an Authorization header shows, or None."""
    scheme, _, shown = (header or "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    found = [token for secret, token in tokens.items() if hmac.compare_digest(secret.encode(), shown.strip().encode())]
    return found[0] if found else None
