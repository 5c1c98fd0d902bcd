"""Who may write, as a truth table: every combination of what the decision goes by is in exactly one of its rows."""

from itertools import product
from typing import Any, get_args

import pytest

from asset_sync.reconcile.authority import Asking, Leave, Refuse, Standing, State, Write, authorise
from asset_sync.reconcile.guards import Guard
from asset_sync.reconcile.plan import Mode

MODES, STATES = get_args(Mode), get_args(State)
BOTH = (False, True)
YES, NO, ANY = (True,), (False,), BOTH

UNDECIDED = ("planned", "waiting", "approved")
BEGUN = ("applying", "interrupted", "applied")
OBSOLETE = ("rejected", "superseded", "stale")
WRITING = ("normal", "full", "rebase")
REVIEW = ("review", "rest")
PERSON = "anna@example.com"

# mode, state, guards open, approved, made by this run, repeats another run, person named → what comes of it.
TABLE: list[tuple[Any, ...]] = [
    # A dry run is never applied; the run that made it asked for nothing else.
    (("dry_run",), STATES, ANY, ANY, YES, ANY, ANY, "leave"),
    (("dry_run",), STATES, ANY, ANY, NO, ANY, ANY, "refuse"),
    # What was overtaken by something, or rejected, is not applied.
    (WRITING, OBSOLETE, ANY, ANY, ANY, ANY, ANY, "refuse"),
    # A plan that its guards let pass needs nobody, whichever run asks, also to go on with what was begun.
    (WRITING, (*UNDECIDED, *BEGUN), NO, ANY, ANY, ANY, ANY, "write"),
    # A plan that its guards stop needs a person, by name, and a run that repeats none.
    (WRITING, UNDECIDED, YES, ANY, ANY, NO, YES, "approve"),
    (WRITING, UNDECIDED, YES, ANY, ANY, YES, YES, "refuse"),
    (WRITING, UNDECIDED, YES, ANY, ANY, ANY, NO, "refuse"),
    (WRITING, BEGUN, YES, ANY, ANY, ANY, ANY, "refuse"),
    # The run that makes a plan for review writes nothing, however the plan stands.
    (REVIEW, STATES, ANY, ANY, YES, ANY, NO, "leave"),
]
# Any other run, and the one that made it with a person named for this very plan, goes by the approval.
for made, person in ((NO, NO), (NO, YES), (YES, YES)):
    TABLE += [
        (REVIEW, OBSOLETE, ANY, ANY, made, ANY, person, "refuse"),
        (REVIEW, (*UNDECIDED, *BEGUN), NO, YES, made, ANY, person, "write"),
        (REVIEW, BEGUN, YES, ANY, made, ANY, person, "refuse"),
        (REVIEW, BEGUN, NO, NO, made, ANY, person, "refuse"),
        (REVIEW, UNDECIDED, YES, ANY, made, YES, person, "refuse"),
        (REVIEW, UNDECIDED, NO, NO, made, YES, person, "refuse"),
        (REVIEW, UNDECIDED, YES, ANY, made, NO, person, "approve" if person is YES else "refuse"),
        (REVIEW, UNDECIDED, NO, NO, made, NO, person, "approve" if person is YES else "refuse"),
    ]

COMBINATIONS = list(product(MODES, STATES, BOTH, BOTH, BOTH, BOTH, BOTH))


def rows_of(combination: tuple[Any, ...]) -> list[str]:
    """What the table says of a combination: the outcomes of the rows that it is in."""
    return [row[-1] for row in TABLE if all(value in allowed for value, allowed in zip(combination, row[:-1], strict=True))]


def decided(combination: tuple[Any, ...]) -> Write | Leave | Refuse:
    mode, state, guards, approved, made_it, repeats, person = combination
    open_guards = [Guard("retired", False, "9 of 10 linked objects of asset would be retired")] if guards else []
    plan = Standing("4be1", "pdq_to_netbox", mode, state, open_guards, approved, why="what was found")
    return authorise(plan, Asking(made_it, repeats, PERSON if person else None))


@pytest.mark.parametrize(
    ("mode", "more", "command"),
    [
        ("normal", {}, "run netbox_to_wug"),
        ("full", {"link_set": "netbox_to_wug"}, "run netbox_to_wug --mode full"),
        ("review", {"link_set": "netbox_to_wug/main"}, "plan netbox_to_wug --partition main"),
        ("normal", {"link_set": "netbox_to_wug/site b"}, "run netbox_to_wug --partition 'site b'"),
        ("normal", {"link_set": "shared/links"}, "run netbox_to_wug"),
        ("rebase", {"link_set": "netbox_to_wug/main"}, "rebase netbox_to_wug --partition main"),
        ("normal", {"link_set": "netbox_to_wug/main", "undoes": "77aa"}, "undo 77aa"),
    ],
)
def test_the_command_that_makes_a_plan_anew_is_told_as_it_is_typed(mode: Mode, more: Any, command: str) -> None:
    plan = Standing("4be1", "netbox_to_wug", mode, "stale", why="what was found", **more)
    told = authorise(plan, Asking())
    assert isinstance(told, Refuse)
    assert told.told == f"plan 4be1 of netbox_to_wug is stale: what was found; make a new plan: asset-sync {command}"


def outcome(decision: Write | Leave | Refuse) -> str:
    if isinstance(decision, Write):
        return "approve" if decision.approved_by else "write"
    return "leave" if isinstance(decision, Leave) else "refuse"


def test_the_table_has_every_combination_once() -> None:
    assert len(COMBINATIONS) == 6 * 9 * 2**5
    assert [c for c in COMBINATIONS if len(rows_of(c)) != 1] == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("state", STATES)
def test_every_combination_is_decided_as_the_table_says(mode: Mode, state: State) -> None:
    of_these = [c for c in COMBINATIONS if c[:2] == (mode, state)]
    assert len(of_these) == 2**5
    assert [(c, outcome(decided(c)), rows_of(c)) for c in of_these if [outcome(decided(c))] != rows_of(c)] == []


# mode review, nothing to write and nothing to link: state, guards open, made by this run, person named → what comes of it.
IDLE: list[tuple[Any, ...]] = [
    # It comes to its end like any other plan, and waits for nobody.
    ((*UNDECIDED, *BEGUN), NO, ANY, ANY, "write"),
    (OBSOLETE, ANY, YES, NO, "leave"),
    (OBSOLETE, ANY, YES, YES, "refuse"),
    (OBSOLETE, ANY, NO, ANY, "refuse"),
    # What its guards stop waits all the same.
    ((*UNDECIDED, *BEGUN), YES, YES, NO, "leave"),
    (UNDECIDED, YES, ANY, YES, "approve"),
    (UNDECIDED, YES, NO, NO, "refuse"),
    (BEGUN, YES, NO, NO, "refuse"),
    (BEGUN, YES, ANY, YES, "refuse"),
]


def test_what_neither_writes_nor_links_waits_for_nobody() -> None:
    for state, guards, made, person in product(STATES, BOTH, BOTH, BOTH):
        told = [row[-1] for row in IDLE if all(v in row[at] for at, v in enumerate((state, guards, made, person)))]
        open_guards = [Guard("source_rows", False, "shrunk")] if guards else []
        plan = Standing("4be1", "pdq_to_netbox", "review", state, open_guards, why="what was found", idle=True)
        found = outcome(authorise(plan, Asking(made, person=PERSON if person else None)))
        assert (state, guards, made, person, [found]) == (state, guards, made, person, told)


# What the table must not lose, whatever else is changed in it.


def test_only_a_named_person_by_a_run_of_its_own_approves_and_under_that_name() -> None:
    for combination in COMBINATIONS:
        decision, repeats, person = decided(combination), *combination[-2:]
        if isinstance(decision, Write) and decision.approved_by is not None:
            assert decision.approved_by == PERSON
            assert person
            assert not repeats


def test_nothing_that_needs_approval_is_written_without_one() -> None:
    for combination in COMBINATIONS:
        mode, _, guards, approved = combination[:4]
        if outcome(decided(combination)) == "write":
            assert not guards
            assert mode != "review" or approved


def test_no_dry_run_and_nothing_obsolete_is_ever_written() -> None:
    written = {c[:2] for c in COMBINATIONS if isinstance(decided(c), Write)}
    assert {mode for mode, _ in written} == {*WRITING, *REVIEW}
    assert {state for _, state in written} == {*UNDECIDED, *BEGUN}


def test_whoever_is_refused_is_told_in_one_line_which_plan_and_what_to_do() -> None:
    again = (*(f"asset-sync {verb} pdq_to_netbox" for verb in ("run", "plan", "rebase")), "run the sync in another mode")
    ways_on = ("asset-sync approve 4be1", "asset-sync plans", *again)
    for combination in COMBINATIONS:
        decision = decided(combination)
        if isinstance(decision, Refuse):
            assert decision.told.startswith("plan 4be1 of pdq_to_netbox ")
            assert "\n" not in decision.told
            assert any(way in decision.told for way in ways_on), decision.told


def test_an_approval_is_asked_for_only_where_it_would_be_taken() -> None:
    for combination in COMBINATIONS:
        decision, named = decided(combination), (*combination[:5], False, True)
        if isinstance(decision, Leave | Refuse):
            assert decision.awaits_approval == (outcome(decided(named)) == "approve"), combination
