"""Who asks, by a bearer token, and what they may do with which kind."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from asset_sync.sandbox.kubernetes import statuses

READ: Final = frozenset({"get", "list", "watch"})
WRITE: Final = READ | {"create", "update", "patch", "delete"}


@dataclass(frozen=True, slots=True)
class Account:
    """A user, and the verbs that they have of each resource, such as `vpcs.vpc.githedgehog.com`; `*` is of all others."""

    user: str
    rights: Mapping[str, frozenset[str]]

    def may(self, verb: str, resource: str) -> bool:
        """Whether the user has that right."""
        return verb in self.rights.get(resource, self.rights.get("*", frozenset()))

    def check(self, verb: str, resource: str, where: str) -> None:
        """Raise ApiError (403) where the user does not have that right."""
        if not self.may(verb, resource):
            raise statuses.forbidden(self.user, verb, resource, where)


DEFAULT_ACCOUNTS: Final[Mapping[str, Account]] = {
    "sandbox-reader": Account("system:serviceaccount:default:netbox", {"*": READ}),
    "sandbox-writer": Account("system:serviceaccount:default:fabricator", {"*": WRITE}),
}
"""Accounts by their token."""


def account_of(header: str, accounts: Mapping[str, Account]) -> Account:
    """The account whose token is shown in an Authorization header. Raises ApiError (401) for nobody."""
    scheme, _, token = header.partition(" ")
    found = [account for known, account in accounts.items() if secrets.compare_digest(known.encode(), token.strip().encode())]
    if scheme.casefold() != "bearer" or not found:
        raise statuses.unauthorized()
    return found[0]
