"""Reads a file of YAML as Kubernetes' own tools take it: what says a thing twice, or itself, is refused; dates are texts."""

from pathlib import Path
from typing import Any, Final

import orjson
import yaml

from asset_sync.reconcile.errors import SourceError

_DATE: Final = "tag:yaml.org,2002:timestamp"
_MOST_REPEATED: Final = 1_000_000
"""So many values may be there by aliases: each alias of an alias doubles what a few lines of a file become."""
_MERGED: Final = "tag:yaml.org,2002:merge"


def documents(path: Path) -> list[Any]:
    """Return the documents of a file.

    Raises `SourceError`, of one line with the file, where it cannot be read or is not to be understood in one way.
    """
    try:
        found = list(yaml.load_all(path.read_text(encoding="utf-8"), _Loader))
        # What a cluster would have of it, as it answers in JSON.
        orjson.dumps(found, default=str, option=orjson.OPT_NON_STR_KEYS)
    except orjson.JSONEncodeError as error:
        raise SourceError(f"{path}: it has a value that Kubernetes does not take: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: it cannot be read: {error}") from None
    except RecursionError:
        raise SourceError(f"{path}: it is no YAML: it is nested too deeply") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise SourceError(f"{path}{line}: it is no YAML: {getattr(error, 'problem', error)}") from None
    return found


class _Loader(yaml.SafeLoader):
    """Of two values for one key YAML libraries take the last: a subnet or a port would be gone without a word."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._values = 0
        self._repeated = 0
        self._sizes: dict[str, int] = {}

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            self._look_at(event)
            return super().compose_node(parent, index)
        before = self._values
        self._values += 1
        node = super().compose_node(parent, index)
        if event.anchor is not None:
            self._sizes[event.anchor] = self._values - before
        return node

    def _look_at(self, alias: Any) -> None:
        """Refuse an alias of what it stands in, and count what else it stands for."""
        mark: Any = alias.start_mark
        if self._is_open(alias):
            raise yaml.composer.ComposerError(None, None, "an object in it contains itself", mark)
        size = self._sizes.get(alias.anchor, 0)
        self._values += size
        self._repeated += size
        if self._repeated > _MOST_REPEATED:
            raise yaml.composer.ComposerError(None, None, f"its aliases stand for more than {_MOST_REPEATED:,} values", mark)

    def _is_open(self, alias: Any) -> bool:
        """Tell whether the end of what an alias names is still to come."""
        named = self.anchors.get(alias.anchor)
        return isinstance(named, yaml.CollectionNode) and named.end_mark is None

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Look at the keys before others are merged in, which may be said anew."""
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != _MERGED:
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} is there twice", key.start_mark)
                seen.add(key.value)
        return node


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _DATE]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
