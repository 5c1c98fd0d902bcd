"""Exit statuses: a name that there is not never ends with 0, whatever the command; and the table in the docs."""

import click
import pytest
from click.testing import CliRunner

from asset_sync.cli.main import main
from asset_sync_tests.cli.test_json import leaves
from asset_sync_tests.components.probe import ROOT

NONSENSE = "nonsense-of-no-one"
EVERY = dict(leaves(main))
MAKES_WHAT_IT_NAMES = {("backup",), ("users", "add"), ("users", "token")}
"""The name of what is to be made is none that has to be there."""
GROUPS = sorted({names[:1] for names in EVERY if len(names) > 1})


def wrong(command: click.Command) -> list[str]:
    """A word that names nothing for each argument, the greatest number for a number."""
    arguments = [one for one in command.params if isinstance(one, click.Argument)]
    return [str(2**63 - 1) if isinstance(one.type, click.types.IntParamType) else NONSENSE for one in arguments]


@pytest.mark.usefixtures("home")
def test_a_name_that_there_is_not_is_never_a_success(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    asked = {names: wrong(command) for names, command in EVERY.items() if wrong(command) and names not in MAKES_WHAT_IT_NAMES}
    assert len(asked) > 20
    for names, words in asked.items():
        ran = CliRunner().invoke(main, [*names, *words])
        assert ran.exit_code in (1, 2), (names, ran.output)
        assert ran.stderr.startswith("asset-sync: "), (names, ran.output)
        assert ran.stderr.count("\n") == 1, (names, ran.output)


def test_an_option_or_a_command_that_there_is_not_is_a_wrong_command() -> None:
    for names in [(), *EVERY, *GROUPS]:
        ran = CliRunner().invoke(main, [*names, "--nonsense"])
        assert (ran.exit_code, ran.stdout) == (2, ""), names
        assert "--nonsense" in ran.stderr
    for names in [(), *GROUPS]:
        ran = CliRunner().invoke(main, [*names, NONSENSE])
        assert (ran.exit_code, ran.stdout) == (2, ""), names
        assert f"No such command '{NONSENSE}'" in ran.stderr
    for names in GROUPS:
        ran = CliRunner().invoke(main, names)
        assert (ran.exit_code, ran.stdout, len(ran.stderr.splitlines())) == (2, "", 1), names
        assert ran.stderr.startswith("asset-sync: Missing command"), names


def test_the_statuses_are_in_the_docs() -> None:
    told = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    table = told.partition("## Exit statuses")[2].partition("\n## ")[0]
    assert [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")][1:] == ["0", "1", "2", "130"]
