"""Tokens of scripts: made at random, told once, and kept as their hash alone."""

import hashlib
import re
import secrets
from typing import Final

_HASH: Final = re.compile(r"[0-9a-f]{64}")


def made() -> str:
    """Return a new token, which nobody can guess."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """Return a token's hash. One as random as `made` has it needs none that is slow."""
    return hashlib.sha256(token.encode()).hexdigest()


def checked(given: str) -> str:
    """Return what is a hash as it is; raises ValueError for what is none, such as the token itself."""
    if not _HASH.fullmatch(given):
        raise ValueError("is no hash: asset-sync users token makes one")
    return given
