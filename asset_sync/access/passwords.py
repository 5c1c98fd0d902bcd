"""Passwords: kept as Argon2id hashes, and checked so that nobody learns from the time it takes whether a name is known."""

from functools import cache
from typing import Final

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST: Final = 12
"""As many characters a password has, at least."""
LONGEST: Final = 1_000
_HASHER: Final = PasswordHasher()


def hashed(password: str) -> str:
    """Return a password's hash."""
    return _HASHER.hash(password)


def is_right(password: str, against: str | None) -> bool:
    """Tell whether a password is the one that was hashed; None is of nobody, and takes as long."""
    # Made for whoever comes first, known or not: that it is made tells nothing, either.
    nobody = _of_nobody()
    try:
        _HASHER.verify(against or nobody, password)
    except (VerificationError, InvalidHashError):
        return False
    return against is not None


@cache
def _of_nobody() -> str:
    return _HASHER.hash("nobody's")


def checked(given: str) -> str:
    """Return what is a hash as it is; raises ValueError for what is none, such as a password in plain words."""
    try:
        extract_parameters(given)
    except InvalidHashError:
        raise ValueError("is no hash: asset-sync users add makes one") from None
    return given
