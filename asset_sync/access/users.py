"""The user file: people with their roles and the hashes of their passwords, and what the members of groups may."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final

import yaml
from filelock import FileLock
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from asset_sync import settings
from asset_sync.access import passwords
from asset_sync.access.roles import ROLES, Role, with_sight
from asset_sync.reconcile.errors import ConfigurationError

VARIABLE: Final = "ASSET_SYNC_USERS_FILE"
_HEAD: Final = (
    "# Who may sign in to the review page: asset-sync users --help. `groups` are those of a proxy or of an OIDC provider.\n"
)
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _UserForm(_Form):
    roles: list[Role]
    password: Annotated[str, AfterValidator(passwords.checked)] | None = None


class _FileForm(_Form):
    users: dict[Name, _UserForm] = Field(default_factory=dict)
    groups: dict[str, list[Role]] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class User:
    """A person; `password` is the hash of it, None for one who comes by a proxy or an OIDC provider alone."""

    name: str
    may: frozenset[Role]
    password: str | None = field(repr=False)


@dataclass(frozen=True)
class Users:
    """What the user file says."""

    people: Mapping[str, User]
    groups: Mapping[str, frozenset[Role]]

    def may(self, name: str, groups: Iterable[str] = ()) -> frozenset[Role]:
        """Return what a person may, by name and as a member of groups."""
        own = self.people[name].may if name in self.people else frozenset()
        return own.union(*(self.groups.get(group, frozenset()) for group in groups))


def users_file() -> Path:
    """Return where the user file is, or would be: what ASSET_SYNC_USERS_FILE names, else `users.yaml` in the home."""
    given = settings.optional(VARIABLE)
    return settings.project_root() / Path(given).expanduser() if given else settings.home() / "users.yaml"


def read_users() -> Users:
    """Return what the user file says now; nobody where there is none. Raises ConfigurationError where it is wrong."""
    form = _read(users_file())
    people = {name: User(name, with_sight(user.roles), user.password) for name, user in form.users.items()}
    return Users(people, {name: with_sight(roles) for name, roles in form.groups.items()})


def add_user(name: str, roles: Iterable[Role], password: str | None) -> None:
    """Put a person into the user file, or give one that is there other roles and another password (None: without one)."""
    asked = frozenset(roles)
    ordered: list[Role] = [role for role in ROLES if role in asked]
    hashed = passwords.hashed(password) if password is not None else None
    with _writing() as form:
        form.users[name] = _UserForm(roles=ordered, password=hashed)


def remove_user(name: str) -> None:
    """Take a person out of the user file: sessions end with that. Raises ConfigurationError where there is none."""
    with _writing() as form:
        if name not in form.users:
            raise ConfigurationError(f"{users_file()} has no user {name!r}")
        del form.users[name]


@contextmanager
def _writing() -> Iterator[_FileForm]:
    """The user file's content, written back at the end; one process at a time."""
    file = users_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_suffix(".lock")):
        form = _read(file).model_copy(deep=True)
        yield form
        _replace(file, form.model_dump(exclude_none=True))


def _replace(file: Path, content: Mapping[str, Any]) -> None:
    """Write the file beside its place first: whoever reads meanwhile reads the one or the other, and nobody else may."""
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as written:
        written.write(_HEAD + yaml.safe_dump(dict(content), sort_keys=True, allow_unicode=True))
    new.replace(file)


def _read(file: Path) -> _FileForm:
    try:
        stat = file.stat()
    except FileNotFoundError:
        return _FileForm()
    return _parsed(file, stat.st_mtime_ns, stat.st_ino)


@lru_cache(maxsize=4)
def _parsed(file: Path, _changed: int, _number: int) -> _FileForm:
    """Return the file's content; it is read again once it has changed."""
    try:
        return _FileForm.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise ConfigurationError(f"{file}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ConfigurationError(f"{file} is no YAML") from None
