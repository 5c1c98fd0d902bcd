"""A machine that is known already is the same machine in a file."""

from collections.abc import Sequence

import pandas as pd
import pytest

from asset_sync.systems.pdq_export import with_known_ids

Machine = tuple[str, str | None, str | None]


def table(*machines: Machine) -> pd.DataFrame:
    return pd.DataFrame(machines, columns=["id", "serialNumber", "name"], dtype="str")


def renamed(ours: Sequence[Machine], known: Sequence[Machine]) -> list[str]:
    return with_known_ids(table(*ours), table(*known))["id"].tolist()


@pytest.mark.parametrize(
    ("ours", "known", "expected"),
    [
        (("serial:A77B", "A77B", "PC1"), ("dvc_1", "a77-b", "PC9"), "dvc_1"),
        (("serial:A77B", "A77B", "PC1"), ("dvc_1", None, "pc1"), "dvc_1"),
        (("serial:A77B", "A77B", "PC1"), ("dvc_1", "Default string", "pc1"), "dvc_1"),
        (("serial:A77B", "A77B", "PC1"), ("dvc_1", "A77C", "PC1"), "serial:A77B"),
        (("name:pc1", None, "PC1"), ("dvc_1", "A77C", "PC1"), "dvc_1"),
        (("name:pc1", "0", "PC1"), ("dvc_1", "0", "PC2"), "name:pc1"),
        (("id:17", "A77B", "PC1"), ("dvc_1", "A77B", "PC1"), "id:17"),
        (("dvc_2", "A77B", "PC1"), ("dvc_1", "A77B", "PC1"), "dvc_2"),
    ],
)
def test_one_machine(ours: Machine, known: Machine, expected: str) -> None:
    assert renamed([ours], [known]) == [expected]


def test_of_two_with_one_serial_the_one_that_has_the_name_too_is_meant() -> None:
    ours = [("serial:A77B name:pc1", "A77B", "PC1"), ("serial:A77B name:pc2", "A77B", "PC2")]
    assert renamed(ours, [("dvc_1", "A77B", "PC2")]) == ["dvc_1", "serial:A77B name:pc1"]


def test_what_is_twice_on_either_side_tells_nothing() -> None:
    twins = [("serial:A77B name:pc1", "A77B", "PC1"), ("serial:A77B name:pc2", "A77B", "PC2")]
    assert renamed(twins, [("dvc_1", "A77B", "PC3")]) == [machine[0] for machine in twins]
    known = [("dvc_1", "A77B", "PC1"), ("dvc_2", "A77B", "PC2")]
    assert renamed([("serial:A77B", "A77B", "PC3")], known) == ["serial:A77B"]


def test_no_id_is_given_twice() -> None:
    ours = [("dvc_1", "A77C", "PC2"), ("serial:A77B", "A77B", "PC1")]
    assert renamed(ours, [("dvc_1", "A77B", "PC1")]) == ["dvc_1", "serial:A77B"]


def test_an_id_that_is_known_stays() -> None:
    known = [("serial:A77B", "A77B", "PC1"), ("dvc_1", "A77C", "PC2")]
    assert renamed([("serial:A77B", "A77B", "PC2")], known) == ["serial:A77B"]


def test_nothing_is_known() -> None:
    assert renamed([("serial:A77B", "A77B", "PC1")], []) == ["serial:A77B"]
