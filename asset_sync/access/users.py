"""The user file: people and scripts with their roles, the hashes of passwords and tokens, and what members of groups may."""

import hmac
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
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
from asset_sync.access import passwords, tokens
from asset_sync.access.roles import ROLES, Role, with_sight
from asset_sync.reconcile.errors import ConfigurationError

VARIABLE: Final = "ASSET_SYNC_USERS_FILE"
_HEAD: Final = (
    "# Who may ask the service, and for what: asset-sync users --help. `groups` are those of a proxy or of an OIDC provider.\n"
)
Way = Literal["password", "oidc", "token", "proxy"]
"""How a user comes: one who has a password by that alone, one whom the OIDC provider knows by that, a script by its token."""
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _UserForm(_Form):
    roles: list[Role]
    password: Annotated[str, AfterValidator(passwords.checked)] | None = None
    oidc: Name | None = None
    token: Annotated[str, AfterValidator(tokens.checked)] | None = None
    until: date | None = None

    @model_validator(mode="after")
    def _comes_one_way(self) -> Self:
        if sum(map(bool, (self.password, self.oidc, self.token))) > 1:
            raise ValueError("a password, a subject of the OIDC provider and a token are of several users")
        if self.until and not self.token:
            raise ValueError("until is said of a token")
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
    """A person, or a script. `password` and `token` are hashes, `subject` is what the OIDC provider knows them by.

    Of one who comes by a proxy all three are None. `until` is the last day (UTC) that a token is good on; None: it stays good.
    """

    name: str
    may: frozenset[Role]
    password: str | None = field(repr=False)
    subject: str | None
    token: str | None = field(repr=False)
    until: date | None

    @property
    def way(self) -> Way:
        """The one way that they come by."""
        return "password" if self.password else "oidc" if self.subject else "token" if self.token else "proxy"

    @property
    def is_over(self) -> bool:
        """Whether the token was good until a day that is gone."""
        return self.until is not None and datetime.now(UTC).date() > self.until


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

    def with_token(self, token: str) -> User | None:
        """Return whose token it is; None where it is nobody's."""
        sent = tokens.hashed(token)
        return next((each for each in self.people.values() if each.token and hmac.compare_digest(each.token, sent)), None)

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
    people = {
        name: User(name, with_sight(user.roles), user.password, user.oidc, user.token, user.until)
        for name, user in form.users.items()
    }
    return Users(people, {name: with_sight(roles) for name, roles in form.groups.items()})


def add_user(name: str, roles: Iterable[Role], password: str | None, subject: str | None = None) -> None:
    """Put a person into the user file, or give one that is there other roles and another password (None: without one).

    `subject` is what the OIDC provider knows them by. Raises ConfigurationError where another one is known by it.
    """
    hashed = passwords.hashed(password) if password is not None else None
    with _writing() as form:
        other = next((each for each, user in form.users.items() if subject and user.oidc == subject and each != name), None)
        if other is not None:
            raise ConfigurationError(f"{subject!r} is the subject of {other}: {users_file()}")
        form.users[name] = _UserForm(roles=_ordered(roles), password=hashed, oidc=subject)


def add_token(name: str, roles: Iterable[Role], until: date | None = None) -> str:
    """Put a script into the user file, or give a user of that name another token; return it: it is kept nowhere.

    `until` is the last day (UTC) that it is good on; None: it stays good.
    """
    token = tokens.made()
    with _writing() as form:
        form.users[name] = _UserForm(roles=_ordered(roles), token=tokens.hashed(token), until=until)
    return token


def remove_user(name: str) -> None:
    """Take a person out of the user file: sessions end with that. Raises ConfigurationError where there is none."""
    with _writing() as form:
        if name not in form.users:
            raise ConfigurationError(f"{users_file()} has no user {name!r}")
        del form.users[name]


def _ordered(roles: Iterable[Role]) -> list[Role]:
    asked = frozenset(roles)
    return [role for role in ROLES if role in asked]


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
