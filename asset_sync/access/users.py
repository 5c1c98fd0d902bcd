"""The user file: people with their roles and the hashes of their passwords, and what the members of groups may."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import yaml
from filelock import FileLock
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from asset_sync import settings
from asset_sync.access import passwords
from asset_sync.access.roles import ROLES, Role, with_sight
from asset_sync.reconcile.errors import ConfigurationError

VARIABLE: Final = "ASSET_SYNC_USERS_FILE"
_HEAD: Final = (
    "# Who may sign in to the review page: asset-sync users --help. `groups` are those of a proxy or of an OIDC provider.\n"
)
Way = Literal["password", "oidc", "proxy"]
"""How a person signs in: one who has a password by that alone, and one whom the OIDC provider knows by that."""
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _UserForm(_Form):
    roles: list[Role]
    password: Annotated[str, AfterValidator(passwords.checked)] | None = None
    oidc: Name | None = None

    @model_validator(mode="after")
    def _comes_one_way(self) -> Self:
        if self.password and self.oidc:
            raise ValueError("a password and a subject of the OIDC provider are of two users")
        return self


class _FileForm(_Form):
    users: dict[Name, _UserForm] = Field(default_factory=dict)
    groups: dict[str, list[Role]] = Field(default_factory=dict)

    @field_validator("users")
    @classmethod
    def _told_apart(cls, users: dict[str, _UserForm]) -> dict[str, _UserForm]:
        known: dict[str, str] = {}
        for name, user in users.items():
            if user.oidc and known.setdefault(user.oidc, name) != name:
                raise ValueError(f"{user.oidc!r} is the subject of {known[user.oidc]} and of {name}")
        return users


@dataclass(frozen=True, slots=True)
class User:
    """A person. `password` is the hash of it, `subject` what the OIDC provider knows them by; of a proxy's, both are None."""

    name: str
    may: frozenset[Role]
    password: str | None = field(repr=False)
    subject: str | None

    @property
    def way(self) -> Way:
        """The one way that they sign in by."""
        return "password" if self.password else "oidc" if self.subject else "proxy"


@dataclass(frozen=True)
class Users:
    """What the user file says."""

    people: Mapping[str, User]
    groups: Mapping[str, frozenset[Role]]

    def may(self, name: str, way: Way, groups: Iterable[str] = ()) -> frozenset[Role]:
        """Return what a person may who signed in one way: by name, where the user comes so, and as a member of groups."""
        user = self.people.get(name)
        own = user.may if user and user.way == way else frozenset()
        return own.union(*(self.groups.get(group, frozenset()) for group in groups))

    def known_as(self, subject: str, name: str) -> str:
        """Return the name of the user whom the OIDC provider knows by a subject.

        Who is none has the name that the provider tells, marked where it is the name of a user: people choose it themselves.
        """
        own = next((user.name for user in self.people.values() if user.subject == subject), None)
        return own or (f"{name} (by OIDC)" if name in self.people else name)


def users_file() -> Path:
    """Return where the user file is, or would be: what ASSET_SYNC_USERS_FILE names, else `users.yaml` in the home."""
    given = settings.optional(VARIABLE)
    return settings.project_root() / Path(given).expanduser() if given else settings.home() / "users.yaml"


def read_users() -> Users:
    """Return what the user file says now; nobody where there is none. Raises ConfigurationError where it is wrong."""
    form = _read(users_file())
    people = {name: User(name, with_sight(user.roles), user.password, user.oidc) for name, user in form.users.items()}
    return Users(people, {name: with_sight(roles) for name, roles in form.groups.items()})


def add_user(name: str, roles: Iterable[Role], password: str | None, subject: str | None = None) -> None:
    """Put a person into the user file, or give one that is there other roles and another password (None: without one).

    `subject` is what the OIDC provider knows them by. Raises ConfigurationError where another one is known by it.
    """
    asked = frozenset(roles)
    ordered: list[Role] = [role for role in ROLES if role in asked]
    hashed = passwords.hashed(password) if password is not None else None
    with _writing() as form:
        other = next((each for each, user in form.users.items() if subject and user.oidc == subject and each != name), None)
        if other is not None:
            raise ConfigurationError(f"{subject!r} is the subject of {other}: {users_file()}")
        form.users[name] = _UserForm(roles=ordered, password=hashed, oidc=subject)


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
