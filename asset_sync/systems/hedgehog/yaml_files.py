"""Reads a file of YAML as Kubernetes' own tools take it: what says a thing twice, or itself, is refused; dates are texts."""

from pathlib import Path
from typing import Any, Final

import yaml

from asset_sync.reconcile.errors import SourceError

_DATE: Final = "tag:yaml.org,2002:timestamp"
_MERGED: Final = "tag:yaml.org,2002:merge"


def documents(path: Path) -> list[Any]:
    """Return the documents of a file.

    Raises `SourceError`, of one line with the file, where it cannot be read or is not to be understood in one way.
    """
    try:
        return list(yaml.load_all(path.read_text(encoding="utf-8"), _Loader))
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: it cannot be read: {error}") from None
    except RecursionError:
        raise SourceError(f"{path}: it is no YAML: it is nested too deeply") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise SourceError(f"{path}{line}: it is no YAML: {getattr(error, 'problem', error)}") from None


class _Loader(yaml.SafeLoader):
    """Of two values for one key YAML libraries take the last: a subnet or a port would be gone without a word."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) and self._is_open(event):
            mark: Any = event.start_mark
            raise yaml.composer.ComposerError(None, None, "an object in it contains itself", mark)
        return super().compose_node(parent, index)

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
