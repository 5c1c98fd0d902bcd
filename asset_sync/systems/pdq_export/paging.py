"""Pages: whether a JSON answer that was saved as a file is one page of several."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from asset_sync.systems.pdq_export.refusal import Refusal
from asset_sync.systems.shown import shown

# By letters and digits in lower case, since every API spells them in its own way.
_PAGES: Final = frozenset({"totalpages", "pagecount", "pages", "lastpage", "numpages", "pagetotal", "totalpagecount"})
_TOTALS: Final = frozenset(
    {"totalcount", "total", "totalrecords", "totalitems", "totalresults", "totalrows", "recordstotal", "itemcount", "count"}
    | {"odatacount", "totalelements", "totaldevices", "of"}
)
_PAGE: Final = frozenset({"page", "currentpage", "pagenumber", "pageindex"})
_OFFSET: Final = frozenset({"offset", "skip", "start", "startindex", "startat"})
_NEXT: Final = frozenset(
    {"next", "nextpage", "nextlink", "nextcursor", "nexttoken", "nextpagetoken", "nextpageurl", "nexturl", "nexthref"}
    | {"odatanextlink", "endcursor"}
)
_MORE: Final = frozenset(
    {"hasmore", "hasnext", "hasnextpage", "morepages", "more", "truncated", "istruncated", "partial", "incomplete"}
)
_ERRORS: Final = frozenset({"error", "errors", "partialerrors"})
_SIZES: Final = frozenset({"pagesize", "perpage", "limit", "size"})
_DEPTH: Final = 3


def refuse_one_page(document: Mapping[str, Any], rows: int) -> None:
    """Raise `Refusal` where what stands beside the data says that there is more of it."""
    told = dict(_told(document, _DEPTH))
    pages = max((_number(told.get(key)) for key in _PAGES), default=0)
    page = max((_number(told.get(key)) for key in _PAGE), default=0)
    total = max((_number(told.get(key)) for key in _TOTALS), default=0)
    if pages > 1:
        raise Refusal(f"is page {shown(page or '?')} of {pages} only; put the data of all pages into one list")
    if total > rows:
        raise Refusal(f"has {rows:,} of {total:,} objects only; put the data of all pages into one list")
    if page > 1:
        raise Refusal(f"is page {page} only; put the data of all pages into one list")
    if any(_number(told.get(key)) for key in _OFFSET):
        raise Refusal("does not begin with the first object; put the data of all pages into one list")
    if any(told.get(key) not in (None, "", False, 0, "false") for key in _NEXT if not isinstance(told.get(key), dict | list)):
        raise Refusal("is one page only, since it names a next one; put the data of all pages into one list")
    if any(str(told.get(key)).lower() in ("true", "1", "yes") for key in _MORE):
        raise Refusal("is one page only, since it says that there is more; put the data of all pages into one list")


def doubts(document: Mapping[str, Any], rows: int) -> Iterator[str]:
    """Yield why the data may not be all though nothing says so: a page that is full, and no total; errors beside it."""
    told = dict(_told(document, _DEPTH))
    if any(_number(told.get(key)) == rows for key in _SIZES) and not told.keys() & (_PAGES | _TOTALS):
        yield "it is one page that is full, and does not tell how many there are"
    for error in filter(None, (told.get(key) for key in sorted(_ERRORS))):
        yield f"it tells of an error beside its data: '{shown(error)}'"


def _told(document: Mapping[str, Any], depth: int) -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        yield "".join(c for c in key.lower() if c.isalnum()), value
        if isinstance(value, dict) and depth > 1:
            yield from _told(value, depth - 1)


def _number(value: object) -> int:
    """Return a number, written as one or as text; 0 where there is none."""
    if isinstance(value, str):
        return int(value) if value.strip().isdecimal() and len(value) < 19 else 0
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 2**63 else 0
