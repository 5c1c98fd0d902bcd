"""Collecting the state of hosts: of this one, or of others by ssh, each into a file of a folder."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from asset_sync.reconcile.errors import AssetSyncError, ConfigurationError, SourceError
from asset_sync.systems.hosts import HostDocument, collect, parse, remote

_AT_ONCE: Final = 16
"""So many hosts are asked at a time: each is a process of ssh here, and what waits elsewhere costs nothing here."""


@dataclass(frozen=True, slots=True)
class Collected:
    """A host, as it was named, and the file that its document was written to; or what went wrong, in one line."""

    host: str
    file: Path | None = None
    wrong: str | None = None


class _Answer(NamedTuple):
    content: bytes
    document: HostDocument


def schema() -> bytes:
    """Return the JSON Schema of the document, as it is written."""
    return collect.as_json(collect.schema())


def here(*, services: bool) -> bytes:
    """Return the document of this machine, as it is written."""
    return collect.as_json(collect.collect(with_services=services))


def here_into(place: Path, *, services: bool) -> Path:
    """Write the document of this machine as a file, or into a folder, named after the host; return the file."""
    try:
        return collect.save(collect.collect(with_services=services), place)
    except collect.Unreadable as error:
        raise AssetSyncError(f"{error}: give --output a file's name") from None


def by_ssh(hosts: Sequence[str], folder: Path, *, services: bool) -> Iterator[Collected]:
    """Collect on each of the hosts, and yield what became of it, in their order; one that fails does not stop the others.

    Raises ConfigurationError before any is asked, where one is no host, or where the folder cannot be one.
    """
    remote.refuse_options(hosts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise ConfigurationError(f"{folder} is no folder: give --output one for the documents of several hosts") from None
    return _each(list(dict.fromkeys(hosts)), folder, ["--services"] if services else [])


def _each(hosts: Sequence[str], folder: Path, words: Sequence[str]) -> Iterator[Collected]:
    taken: dict[str, tuple[str, str | None]] = {}
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="ssh") as pool:
        for host, answer in zip(hosts, pool.map(partial(_asked, words=words), hosts), strict=True):
            if isinstance(answer, str):
                yield Collected(host, wrong=answer)
                continue
            name, machine = answer.document.hostname or answer.document.machine_id or "", answer.document.machine_id
            first, of = taken.setdefault(name, (host, machine))
            if first != host and (machine is None or machine != of):
                yield Collected(host, wrong=f"calls itself {name}, as {first} does: its document is not kept")
            else:
                yield _kept(host, answer, folder)


def _asked(host: str, words: Sequence[str]) -> _Answer | str:
    try:
        content = remote.collect(host, words)
    except SourceError as error:
        return str(error)
    try:
        return _Answer(content, parse(content).document)
    except SourceError as error:
        return f"what it answered {error}"


def _kept(host: str, answer: _Answer, folder: Path) -> Collected:
    try:
        file = folder / collect.file_name(answer.document.hostname, answer.document.machine_id)
        collect.write(answer.content, file)
    except (OSError, collect.Unreadable) as error:
        return Collected(host, wrong=collect.reason(error))
    return Collected(host, file)
