"""Machines to collect on: a tree of files in place of /, and a command `ip` that says what it is to say."""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from asset_sync.systems.hosts import collect

RECORDED = Path(__file__).parent / "recorded"


def recorded(name: str) -> Any:
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))


def tree(root: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def command(folder: Path, name: str, script: str) -> Path:
    """A command of that name, to be found before any other: put the folder first in PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)
    return folder


def fake_ip(folder: Path, addresses: Any, routes: Mapping[int, Any] | None = None) -> Path:
    """A command `ip` that tells these links with their addresses, and these default routes by family."""
    routes = routes or {}
    answers = {"-j -d address show": addresses, **{f"-j -{f} route show default": routes.get(f, []) for f in (4, 6)}}
    cases = "\n".join(f'  "{words}") printf %s {shlex.quote(json.dumps(answer))} ;;' for words, answer in answers.items())
    return command(folder, "ip", f'case "$*" in\n{cases}\n  *) echo "unknown: $*" >&2; exit 255 ;;\nesac')


def unread(told: collect.Unread) -> dict[str, str]:
    return {each["path"]: each["reason"] for each in told.told}


def at(document: Any, pointer: str) -> Any:
    """What a JSON pointer leads to (RFC 6901)."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document
