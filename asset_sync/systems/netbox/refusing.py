"""What NetBox's errors mean: in the words of `reconcile.target`, and which row they speak of."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from asset_sync.reconcile.errors import TargetError, TargetUnavailable
from asset_sync.reconcile.target import OutcomeUnknown, Refused, Stale
from asset_sync.systems.http import Answered, HttpError, may_pass
from asset_sync.systems.http.transport import Response
from asset_sync.systems.http.wording import parsed

NAME: Final = "NetBox"
_NO_RIGHT: Final = "do not have permission"


class Forbidden(TargetError):
    """The token is none, or has not the right to what was asked: NetBox says 403 to both (measured).

    `is_right` says that it is known, and only a right is missing; that may be the right to a single object.
    """

    def __init__(self, message: str, *, is_right: bool = False) -> None:
        super().__init__(message)
        self.is_right = is_right


def unreadable(error: HttpError) -> TargetError:
    """Return what it means that NetBox could not be asked."""
    if isinstance(error, Answered) and error.status in (401, 403):
        is_right = isinstance(error.body, dict) and _NO_RIGHT in str(error.body.get("detail"))
        return Forbidden(f"{error}; check NETBOX_TOKEN and its rights", is_right=is_right)
    if isinstance(error, Answered) and error.status == 404:
        return TargetError(f"{error}; check NETBOX_URL, and that the plugin is installed")
    return (TargetUnavailable if may_pass(error) else TargetError)(str(error))


def refusal(error: Answered, objects: Sequence[Mapping[str, Any]]) -> TargetError:
    """Return what a refused write means. 403 comes for a bad token, a read-only one and a missing right alike (measured)."""
    if error.status == 412:
        return Stale(f"{NAME}: an object of the batch was changed meanwhile")
    if error.status == 500 and _is_deadlock(error.body):
        # Sent again as it was, several times: the rows are not to blame, and halves of it would meet the same.
        why = f"{_first_words(error.body)}; several writers met, again and again: run the sync again"
        return Refused(why, dict.fromkeys(range(len(objects)), why))
    if error.status in (401, 403, 404, 405, 429, 503):
        return unreadable(error)
    if error.status == 413:
        return Refused(str(error))
    if error.body is None:
        # A proxy or the worker's supervisor speaks, not NetBox.
        return OutcomeUnknown(str(error)) if error.status >= 500 else TargetError(str(error))
    return Refused(_first_words(error.body) or str(error), _row_words(error.body, objects))


def undid(response: Response) -> bool:
    """Return whether NetBox took all of a request back, so that it may be sent again."""
    return response.status == 500 and _is_deadlock(parsed(response.body or b""))


def _is_deadlock(body: Any) -> bool:
    """Return whether the database gave a request up, and took back all of it, because it and another waited for each other."""
    return isinstance(body, dict) and str(body.get("error")).startswith("deadlock detected")


def _row_words(body: Any, objects: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Return what is said of single rows, by place: a list with an entry a row (4.6), or numbered `errors` (4.7)."""
    if isinstance(body, list):
        return {at: words(said) for at, said in enumerate(body) if said and at < len(objects)}
    numbered = body.get("errors") if isinstance(body, dict) else None
    if isinstance(numbered, list):
        places = {row.get("id"): at for at, row in enumerate(objects)}
        found = {entry.get("index", places.get(entry.get("id"))): words(entry.get("errors")) for entry in numbered}
        return {at: said for at, said in found.items() if at is not None}
    return {0: words(body)} if len(objects) == 1 else {}


def _first_words(body: Any) -> str:
    if isinstance(body, list):
        return next((words(said) for said in body if said), "")
    if isinstance(body, dict) and isinstance(body.get("errors"), list) and body["errors"]:
        return f"{body.get('detail', '')} {words(body['errors'][0].get('errors'))}".strip()
    return words(body)


def words(said: Any) -> str:
    """Return NetBox's words about an object in one line: `{"slug": ["already exists."]}` is `slug: already exists.`."""
    if isinstance(said, dict):
        if "exception" in said and "error" in said:
            return f"{said['exception']}: {' '.join(str(said['error']).split())}"
        return "; ".join(
            words(value) if field in ("__all__", "detail", "non_field_errors") else f"{field}: {words(value)}"
            for field, value in said.items()
        )
    if isinstance(said, list):
        return " ".join(words(value) for value in said)
    return " ".join(str(said).split())
