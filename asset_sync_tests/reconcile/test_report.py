from asset_sync.reconcile import plan as p
from asset_sync.reconcile.plan import Plan
from asset_sync.reconcile.report import conflicts, headline, markdown


def operation(
    key: str, op: str = p.UPDATE, hold: str | None = None, kind: str = "asset", target_id: str | None = "1", **changes: object
) -> tuple[str | None, ...]:
    told = {
        name: {"old": None, "new": None} | c if isinstance(c, dict) else {"old": "was", "new": c} for name, c in changes.items()
    }
    return (kind, op, key, key, None if op == p.CREATE else target_id, "v1", p.encode(told), "because", hold)


def plan_of(*rows: tuple[str | None, ...], undoes: str | None = None) -> Plan:
    return Plan("pdq_to_netbox", "normal", p.operations_table(list(rows)), undoes=undoes)


def test_the_headline_counts_what_is_to_be_done() -> None:
    plan = plan_of(
        operation("a", p.CREATE), operation("b"), operation("c"), operation("d", p.RETIRE), operation("e", hold="why not")
    )
    assert headline(plan) == f"Plan {plan.id}: 1 to create, 2 to update, 1 to retire. 1 held."


def test_the_headline_of_nothing_says_so() -> None:
    nothing = "No changes: nothing is to be written to the target."
    assert headline(plan_of()) == nothing
    assert headline(plan_of(operation("a", hold="why not"))) == f"{nothing} 1 held."
    assert headline(plan_of(operation("a", p.CLAIM))) == f"{nothing} 1 only to be linked or remembered."


def test_what_both_sides_changed_is_named_with_the_way_out() -> None:
    told = "changed on both sides since the last sync: decide which value stays"
    rows = [operation(f"pc-{number}", hold=told, name="new", room="r2") for number in range(7)]
    assert conflicts(plan_of(operation("a", hold="one serial on two machines", name="b"), operation("c"))) is None
    assert conflicts(plan_of(rows[0])) == (
        "Both sides changed asset pc-0 (name, room): asset-sync resolve keep-target, or take-source, ends it"
    )
    assert " and 2 more: asset-sync resolve" in str(conflicts(plan_of(*rows)))


def test_rows_are_grouped_by_kind_and_operation_then_what_is_held() -> None:
    plan = plan_of(
        operation("hp", p.CREATE, kind="maker", name="HP"),
        operation("pc-1", room="r2"),
        operation("pc-2", p.CREATE, serial="S2"),
        operation("pc-3", hold="one serial on two machines", room="r3"),
        operation("pc-4", p.CLAIM),
    )
    assert markdown(plan) == (
        f"# Plan {plan.id}: 2 to create, 1 to update. 1 held.\n"
        "\n"
        "Sync `pdq_to_netbox`, mode `normal`\n"
        "\n"
        "## maker: 1 to be created\n"
        "\n"
        "| object | field | old | new | reason |\n"
        "|---|---|---|---|---|\n"
        "| hp | name |  | `HP` | because |\n"
        "\n"
        "## asset: 1 to be created\n"
        "\n"
        "| object | field | old | new | reason |\n"
        "|---|---|---|---|---|\n"
        "| pc-2 | serial |  | `S2` | because |\n"
        "\n"
        "## asset: 1 to be updated\n"
        "\n"
        "| object | field | old | new | reason |\n"
        "|---|---|---|---|---|\n"
        "| pc-1 (#1) | room | `was` | `r2` | because |\n"
        "\n"
        "## held: 1\n"
        "\n"
        "| object | field | old | new | reason |\n"
        "|---|---|---|---|---|\n"
        "| pc-3 (#1) | room | `was` | `r3` | one serial on two machines |\n"
    )


def test_references_and_empty_values_are_told_in_words() -> None:
    hp, number = {"kind": "maker", "key": "HP", "id": None}, {"kind": "maker", "key": None, "id": "7"}
    text = markdown(plan_of(operation("a", maker={"old": number, "new": hp}, room={"old": "r1", "new": None})))
    assert "| a (#1) | maker | `#7` | `HP` | because |\n|  | room | `r1` | (empty) |  |\n" in text


def test_an_object_without_changes_is_named_with_what_is_done_to_it() -> None:
    assert "| a (#1) | update |  |  | why not |" in markdown(plan_of(operation("a", hold="why not")))


def test_nothing_in_a_value_breaks_out_of_its_cell() -> None:
    evil = "a|b\nc\r\nd`e`"
    text = markdown(plan_of(operation("k|ey\n# title", room=evil, hold="w|hy\nnot")))
    (row,) = [line for line in text.splitlines() if "room" in line]
    assert row == r"| k\|ey # title (#1) | room | `was` | `a\|b c d'e'` | w\|hy not |"


def test_nothing_in_words_is_markup() -> None:
    text = markdown(plan_of(operation("<img src=x>", hold="[click](https://example.org) *now*", room="<b>")))
    assert "<img" not in text
    assert "&lt;img src=x&gt;" in text
    assert r"\[click\](https://example.org) \*now\*" in text
    assert "`<b>`" in text


def test_only_so_many_rows_are_shown_and_the_rest_is_named() -> None:
    rows = [operation(f"pc-{n}", room="r") for n in range(5)] + [operation(f"held-{n}", hold="why") for n in range(4)]
    text = markdown(plan_of(*rows), most=3, files=["plan.parquet", "plan.csv"])
    assert text.count("| pc-") == 3
    assert "held-" not in text
    assert "## asset: 5 to be updated" in text
    assert "## held: 4" in text
    assert "6 more rows are not shown here." in text
    assert text.endswith("All rows:\n- plan.parquet\n- plan.csv\n")


def test_a_short_report_leaves_nothing_out_and_an_undo_names_its_plan() -> None:
    text = markdown(plan_of(operation("a", room="r"), undoes="0123456789abcdef"))
    assert "not shown" not in text
    assert "undoes `0123456789abcdef`" in text
