"""The wire to one WhatsUp Gold: sessions, envelopes, pages, and its errors in the words of `reconcile.target`.

Sources: facts/wug.md §1 and §2. Successes come with and without an envelope; an expired session may show as a 500 in place of
a 401; a page may be smaller than asked for but says how many rows it has.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from asset_sync.reconcile.errors import ConfigurationError, TargetError, TargetUnavailable
from asset_sync.reconcile.target import OutcomeUnknown, Refused
from asset_sync.systems.http import Answered, Client, HttpError, NotSettled, may_pass
from asset_sync.systems.wug.tokens import Tokens

Row = dict[str, Any]
Query = Sequence[tuple[str, str]]

NAME: Final = "WhatsUp Gold"
BASE: Final = "/api/v1"
PORT: Final = 9644

_SESSION_ENDED: Final = (401, 500)


class Gone(TargetError):
    """What a request is about is not there (any more)."""


class Failed(OutcomeUnknown):
    """A write was answered with a 500, or with errors beside successes: it is over, but it may be stored, whole or in part."""


class Wire:
    """Requests below `/api/v1`. Safe to share between threads; writes raise `TargetError` where `http` is not writable."""

    def __init__(self, http: Client, tokens: Tokens) -> None:
        self.http = http
        self._tokens = tokens

    def get(self, path: str, query: Query = ()) -> Any:
        """Return the JSON that a GET answers. Raises `Gone` for a 404, `TargetError` for anything else that is no answer."""
        try:
            return self._in_session(lambda: self.http.get_json(path, query), repeatable=True)
        except HttpError as error:
            raise _unreadable(error) from None

    def rows(self, path: str, name: str | None, query: Query = (), identity: str = "id") -> list[Row]:
        """Return the rows of all pages, `name` saying where they are in a page's data (None: they are the data itself).

        Raises `TargetError` where a page has not as many rows as it says, tells of errors, or comes again; and where two
        rows have the same `identity`.
        """
        found: dict[str, Row] = {}
        for body in self._pages(path, query):
            for row in self._page_rows(path, body, name):
                key = row.get(identity)
                if not isinstance(key, str | int) or str(key) in found:
                    raise TargetError(f"{NAME}: {path} lists {identity} {key!r} twice, or a row without it; nothing was read")
                found[str(key)] = row
        return list(found.values())

    def write(self, method: str, path: str, body: Any, query: Query = (), *, repeatable: bool = True) -> Any:
        """Send a write and return what it answers, without the envelope; {} where nothing is answered.

        `repeatable` says that sending it twice does what sending it once does: then it is repeated after a 500, which may be
        an expired session. Raises `Refused` and `Gone` where it surely was not stored, `Failed` and `OutcomeUnknown` where
        nobody can tell, `TargetError` where the server cannot be reached.
        """
        whole = f"{path}?{urlencode(query)}" if query else path
        try:
            answer = self._in_session(lambda: self.http.send_json(method, whole, body), repeatable=repeatable)
        except NotSettled as error:
            raise OutcomeUnknown(str(error)) from None
        except Answered as error:
            raise _refusal(error) from None
        except HttpError as error:
            raise _unreadable(error) from None
        if isinstance(answer, dict) and answer.get("error"):
            raise Refused(self.http.masked(_words(answer)) or f"{NAME}: {method} {path} was answered with an error")
        return {} if answer is None else self._with_words_masked(unwrapped(answer))

    def _with_words_masked(self, answer: Any) -> Any:
        """Return an answer fit to be told. Only its words are masked: an id may look like a part of a password."""
        if not isinstance(answer, dict) or not isinstance(answer.get("errors"), list):
            return answer
        words = [
            {**one, "messages": self.http.masked(one.get("messages"))} if isinstance(one, dict) else self.http.masked(one)
            for one in answer["errors"]
        ]
        return {**answer, "errors": words}

    def _in_session(self, ask: Callable[[], Any], *, repeatable: bool) -> Any:
        """Ask; where that meets the end of the session, begin a new one and ask once more."""
        number = self._tokens.ready()
        try:
            return ask()
        except Answered as error:
            if error.status not in _SESSION_ENDED:
                raise
            self._tokens.renew(number)
            if error.status != 401 and not repeatable:
                raise
        return ask()

    def _pages(self, path: str, query: Query) -> Iterator[Row]:
        """Yield the pages. All parameters go with each: the id of a page is good for them alone."""
        page: list[tuple[str, str]] = []
        seen: set[str] = set()
        while True:
            body = self.get(path, [*query, *page])
            if not isinstance(body, dict) or "data" not in body:
                raise TargetError(f"{NAME}: {path} did not answer with a page; nothing was read")
            yield body
            following = _paging(body).get("nextPageId")
            if not following:
                return
            if str(following) in seen:
                raise TargetError(f"{NAME}: the pages of {path} go in a circle; nothing was read")
            seen.add(str(following))
            page = [("pageId", str(following))]

    def _page_rows(self, path: str, body: Row, name: str | None) -> list[Row]:
        data = body["data"]
        rows = data if name is None else data.get(name) if isinstance(data, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise TargetError(f"{NAME}: {path} did not answer with a list of {name or 'rows'}; nothing was read")
        if isinstance(data, dict) and _texts(data, "errors"):
            said = self.http.masked("; ".join(_texts(data, "errors")))
            raise TargetError(f"{NAME}: {path} was not read whole: {said}")
        size = _paging(body).get("size")
        if isinstance(size, int) and size != len(rows):
            raise TargetError(f"{NAME}: a page of {path} says it has {size} rows, but has {len(rows)}; nothing was read")
        return rows


def address(url: str) -> str:
    """Return the address of the API: with the port 9644 where `url` names none, and with `/api/v1` once at its end."""
    base = url.strip().rstrip("/").removesuffix(BASE)
    parts = urlsplit(base)
    try:
        port = parts.port
    except ValueError:
        raise ConfigurationError(f"{NAME}: the address names a port that is no number") from None
    if parts.hostname and port is None and not parts.netloc.endswith(":"):
        base = parts._replace(netloc=f"{parts.netloc}:{PORT}").geturl()
    return base + BASE


def unwrapped(answer: Any) -> Any:
    """Return an answer's data, with or without its envelope."""
    return answer["data"] if isinstance(answer, dict) and "data" in answer else answer


def checked(answer: Any) -> None:
    """Raise `Refused` for an answer with status 200 that tells of no success, or of errors beside it."""
    if complaint := _complaint(answer):
        raise Refused(complaint)


def checked_steps(answer: Any) -> None:
    """Do the same for a write of several steps, each of which may have been done or not: raise `Failed`."""
    if complaint := _complaint(answer):
        raise Failed(complaint)


def _complaint(answer: Any) -> str | None:
    found = answer if isinstance(answer, Mapping) else {}
    named = [*_texts(found, "resourcesNotAllowed"), *_texts(found, "resourcesWithErros")]
    limited = found.get("limitReached") or found.get("maximumReached")
    failed = found.get("success") is False or named or _texts(found, "errors") or limited
    return _counted_words(found) if failed else None


def failures(answer: Any, ids: Sequence[str]) -> dict[str, str]:
    """Return what a bulk write's answer says against single resources, by id; all of them where it names none.

    The answer is a `CountedSuccessResult`; that it misspells `resourcesWithErros` is the API's own (facts/wug.md §2).
    """
    found = answer if isinstance(answer, Mapping) else {}
    forbidden = "the user may not change it"
    named = dict.fromkeys(_texts(found, "resourcesNotAllowed"), forbidden)
    named |= dict.fromkeys(_texts(found, "resourcesWithErros"), _counted_words(found))
    if not named and (complaint := _complaint(found)):
        return dict.fromkeys(ids, complaint)
    return {resource: words for resource, words in named.items() if resource in ids}


def _counted_words(answer: Mapping[str, Any]) -> str:
    """Return the words of a `CountedSuccessResult` in one line."""
    told = _texts(answer, "errors")
    if answer.get("limitReached") or answer.get("maximumReached"):
        told.append("the limit of the server or its licence is reached")
    if not told and answer.get("resourcesNotAllowed"):
        told.append("the user may not change it")
    return "; ".join(" ".join(words.split()) for words in told) or f"{NAME} answered that it did not succeed"


def _texts(answer: Mapping[str, Any], name: str) -> list[str]:
    found = answer.get(name)
    return [str(one) for one in found] if isinstance(found, list) else []


def _paging(body: Row) -> Row:
    paging = body.get("paging")
    return paging if isinstance(paging, dict) else {}


# Errors.


def _unreadable(error: HttpError) -> TargetError:
    if isinstance(error, Answered) and error.status == 404:
        return Gone(str(error))
    if isinstance(error, Answered) and error.status in (401, 403):
        return TargetError(f"{error}; the user of {NAME} has no right to it")
    return (TargetUnavailable if may_pass(error) else TargetError)(str(error))


def _refusal(error: Answered) -> TargetError:
    if error.status in (401, 404, 405, 429, 503):
        return _unreadable(error)
    if error.status >= 500:
        return Failed(str(error))
    return Refused(_words(error.body) or str(error))


def _words(answer: Any) -> str:
    """Return the server's words: `{"error": {"message": ...}}` as documented, or the framework's `{"Message": ...}`."""
    body = answer if isinstance(answer, dict) else {}
    told = body["error"].get("message") if isinstance(body.get("error"), dict) else body.get("Message")
    return " ".join(told.split()) if isinstance(told, str) else ""
