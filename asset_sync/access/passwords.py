"""Passwords: kept as Argon2id hashes, and checked so that nobody learns from the time it takes whether a name is known."""

from typing import Final

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST: Final = 12
"""As many characters a password has, at least."""
LONGEST: Final = 1_000
_HASHER: Final = PasswordHasher()
_OF_NOBODY: Final = _HASHER.hash("nobody's")


def hashed(password: str) -> str:
    """Return a password's hash."""
    return _HASHER.hash(password)


def is_right(password: str, against: str | None) -> bool:
    """Tell whether a password is the one that was hashed; None is of nobody, and takes as long."""
    try:
        _HASHER.verify(against or _OF_NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return against is not None


def checked(given: str) -> str:
    """Return what is a hash as it is; raises ValueError for what is none, such as a password in plain words."""
    try:
        extract_parameters(given)
    except InvalidHashError:
        raise ValueError("is no hash: asset-sync users add makes one") from None
    return given
