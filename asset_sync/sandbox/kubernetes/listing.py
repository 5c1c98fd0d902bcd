"""Lists of a kind: which state of it is asked for, and its pages.

Source: facts/hedgehog.md §7, and `concepts` "Resource versions" of the Kubernetes documentation.
"""

import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import orjson
from starlette.datastructures import QueryParams

from asset_sync.sandbox.faults import Faults
from asset_sync.sandbox.kubernetes import statuses
from asset_sync.sandbox.kubernetes.kinds import Json, Kind
from asset_sync.sandbox.kubernetes.store import Cluster, Key

_EXACT: Final = "Exact"
_NOT_OLDER: Final = "NotOlderThan"


@dataclass(frozen=True, slots=True)
class _Token:
    """What a continue token holds: the snapshot (0 for whichever is the newest), the last key that was shown, and when."""

    revision: int
    after: Key
    at: float

    def written(self) -> str:
        return urlsafe_b64encode(orjson.dumps([self.revision, list(self.after), self.at])).decode()

    @classmethod
    def read(cls, text: str) -> "_Token":
        try:
            revision, (namespace, name), at = orjson.loads(urlsafe_b64decode(text))
            return cls(int(revision), (str(namespace), str(name)), float(at))
        except (ValueError, TypeError):
            raise statuses.bad_request("continue key is not valid: illegal base64 data") from None


class Lists:
    """Cuts lists into pages. A continue token is good for `token_seconds` by `clock`."""

    def __init__(
        self, cluster: Cluster, faults: Faults, token_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._cluster = cluster
        self._faults = faults
        self._token_seconds = token_seconds
        self._clock = clock

    def page(self, kind: Kind, namespace: str | None, query: QueryParams, where: str) -> Json:
        """A page of a list as its JSON. `where` is the path with its query. Raises ApiError: 400, 410, 422, 504."""
        limit = _limit(query)
        given = query.get("continue", "")
        _check(query, given)
        if given:
            token = self._token(given, where)
            revision, after = token.revision or self._cluster.revision, token.after
        else:
            revision, after = self._revision(query, limit), ("", "")
            # The newest that is in a cache comes from it whole, whatever the limit.
            limit = 0 if query.get("resourceVersion") == "0" else limit
        objects = self._cluster.objects_at(kind, revision)
        keys = sorted(key for key in objects if key > after and namespace in (None, key[0]))
        shown = keys[:limit] if limit else keys
        meta: Json = {"resourceVersion": str(revision + bool(self._faults.fires("moved_list", where)))}
        if len(shown) < len(keys):
            repeated = given and self._faults.fires("repeated_continue", where)
            meta["continue"] = given if repeated else _Token(revision, shown[-1], self._clock()).written()
            meta["remainingItemCount"] = len(keys) - len(shown)
        items = [objects[key] for key in shown]
        return {"apiVersion": kind.api_version, "kind": f"{kind.name}List", "metadata": meta, "items": items}

    def _token(self, given: str, where: str) -> _Token:
        token = _Token.read(given)
        old = token.revision and (self._clock() - token.at > self._token_seconds or token.revision < self._cluster.oldest)
        if old or self._faults.fires("expired_continue", where):
            raise statuses.expired_list(_Token(0, token.after, self._clock()).written())
        return token

    def _revision(self, query: QueryParams, limit: int) -> int:
        """The state that is asked for: exactly that of a resourceVersion, or the newest. Raises ApiError: 410, 504."""
        asked = revision_of(query)
        if not asked:
            return self._cluster.revision
        exact = query.get("resourceVersionMatch", _EXACT if limit else _NOT_OLDER) == _EXACT
        if exact:
            self._cluster.check(asked)
        elif asked > self._cluster.revision:
            raise statuses.too_large(asked, self._cluster.revision)
        return asked if exact else self._cluster.revision


def revision_of(query: QueryParams) -> int:
    """The resourceVersion that is asked for, 0 where none is or any will do. Raises ApiError (400)."""
    text = query.get("resourceVersion", "")
    if text and not (text.isascii() and text.isdigit()):
        raise statuses.bad_request(f'Invalid value: "{text}": resourceVersion is not valid')
    return int(text or 0)


def _limit(query: QueryParams) -> int:
    text = query.get("limit", "")
    if text and not (text.isascii() and text.isdigit()):
        raise statuses.bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return int(text or 0)


def _check(query: QueryParams, token: str) -> None:
    """Raise ApiError for parameters that do not go together, or that are not simulated."""
    version, match = query.get("resourceVersion", ""), query.get("resourceVersionMatch", "")
    if query.get("labelSelector") or query.get("fieldSelector"):
        raise statuses.bad_request("selectors are not simulated")
    if token and version not in ("", "0"):
        raise statuses.bad_request("specifying resource version is not allowed when using continue")
    if not match:
        return
    why = ""
    if token:
        why = "resourceVersionMatch is forbidden when continue is provided"
    elif not version:
        why = "resourceVersionMatch is forbidden unless resourceVersion is provided"
    elif match not in (_EXACT, _NOT_OLDER):
        why = f'Unsupported value: "{match}": supported values: "Exact", "NotOlderThan"'
    elif match == _EXACT and version == "0":
        why = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
    if why:
        raise statuses.ApiError(422, f"ListOptions.meta.k8s.io is invalid: resourceVersionMatch: {why}")
