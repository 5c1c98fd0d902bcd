"""`asset-sync users`: the people who may sign in to the review page, and the scripts that may use REST."""

import json
import sys
from datetime import UTC, datetime
from typing import Any

import click

from asset_sync.access import passwords
from asset_sync.access import users as people
from asset_sync.access.roles import ROLES, Role
from asset_sync.cli.console import printed, row, table
from asset_sync.reconcile.errors import ConfigurationError


@click.group()
def users() -> None:
    """Who may sign in to the review page or use REST, in a file: users.yaml in the home, or ASSET_SYNC_USERS_FILE."""


_of_roles = click.option(
    "--role", "roles", type=click.Choice(ROLES), multiple=True, required=True, help="Several times for several roles."
)


@users.command()
@click.argument("name")
@_of_roles
@click.option("--no-password", is_flag=True, help="Of one who comes by a proxy.")
@click.option(
    "--oidc", "subject", metavar="SUBJECT", help="Of one whom the OIDC provider knows by this; it is told at the sign-in."
)
def add(name: str, roles: tuple[Role, ...], no_password: bool, subject: str | None) -> None:
    """Let NAME sign in; of one who is there already, change the roles and how they come.

    Each comes one way: by a password, by a proxy, or by the OIDC provider. The password is asked for, or read from standard
    input, a line. see: read everything. approve: decide about plans and held records. operate: apply and undo. Whoever may do
    something sees everything, too.
    """
    named = _named(name)
    if subject is not None and no_password:
        raise click.UsageError("--oidc and --no-password: a user comes by one of the two")
    if subject is not None and not (subject.strip() and subject.isprintable()):
        raise click.BadParameter(f"{subject!r} is no subject", param_hint="--oidc")
    without = no_password or subject is not None
    people.add_user(named, roles, None if without else _password(named), subject.strip() if subject else None)
    click.echo(_may(named))


@users.command()
@click.argument("name")
@_of_roles
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="The last day that it is good on (UTC).")
def token(name: str, roles: tuple[Role, ...], until: datetime | None) -> None:
    """Make a token by which the script NAME may use REST, and print it: it is kept nowhere, only its hash is.

    Who is called so already comes by this token from now on. What the script decides has its name.
    """
    named, last = _named(name), until.date() if until else None
    if last is not None and last < datetime.now(UTC).date():
        raise click.BadParameter(f"{last} is over", param_hint="--until")
    click.echo(people.add_token(named, roles, last))
    click.echo(_may(named), err=True)


@users.command()
@click.argument("name")
def remove(name: str) -> None:
    """Let NAME in no more; sessions end with it, and a token counts no more."""
    people.remove_user(name.strip())
    click.echo(f"{name.strip()} is gone from {people.users_file()}")


@users.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array on standard output.")
def list_(as_json: bool) -> None:
    """List who may sign in or use REST, and what they may."""
    found = [user for _, user in sorted(people.read_users().people.items())]
    if as_json:
        click.echo(json.dumps([_told(user) for user in found], indent=2))
        return
    shown = table("name", "roles", "comes by", "until")
    for user in found:
        shown.add_row(*row(user.name, " ".join(_roles(user)), user.way, user.until))
    printed().print(shown if found else "Nobody can sign in yet: asset-sync users add NAME --role approve")


def _told(user: people.User) -> dict[str, Any]:
    has = {"password": user.password is not None, "token": user.token is not None}
    return {"name": user.name, "roles": _roles(user), **has, "oidc": user.subject, "until": user.until and str(user.until)}


def _named(name: str) -> str:
    named = name.strip()
    if not named or not named.isprintable():
        raise click.BadParameter("it names nobody", param_hint="NAME")
    return named


def _may(name: str) -> str:
    return f"{name} may {', '.join(_roles(people.read_users().people[name]))}: {people.users_file()}"


def _roles(user: people.User) -> list[Role]:
    return [role for role in ROLES if role in user.may]


def _password(name: str) -> str:
    if sys.stdin.isatty():
        given = click.prompt(f"Password of {name}", hide_input=True, confirmation_prompt=True, err=True)
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    if not passwords.SHORTEST <= len(given) <= passwords.LONGEST:
        raise ConfigurationError(f"a password has {passwords.SHORTEST} characters at least, and {passwords.LONGEST:,} at most")
    return str(given)
