"""A command `ssh` that reaches hosts which are folders: what a host does is its script, run as the far end would run it."""

from pathlib import Path

from asset_sync_tests.systems.hosts.machines import command

# As the real one: options first, `--`, the host, and a command for the shell there; what is asked is kept.
_SSH = """
echo "$*" >> "$(dirname "$0")/asked"
while [ "$1" != "--" ]; do shift; done
host=$2; shift 2
there="$(dirname "$0")/hosts/$host"
[ -f "$there" ] || { echo "Warning: Permanently added '$host' to the list of known hosts." >&2
  echo "ssh: Could not resolve hostname $host: Name or service not known" >&2; exit 255; }
exec "$there" "$@"
"""


def fake_ssh(folder: Path) -> Path:
    (folder / "hosts").mkdir(parents=True)
    return command(folder, "ssh", _SSH)


def host(folder: Path, name: str, script: str) -> None:
    """Make a host that runs this; "$@" is the command that it was sent, standard input what comes with it."""
    command(folder / "hosts", name, script)


def asked(folder: Path) -> list[str]:
    return (folder / "asked").read_text(encoding="utf-8").splitlines()
