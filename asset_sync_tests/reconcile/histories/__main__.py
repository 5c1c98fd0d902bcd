"""Play many histories on the command line; ends by itself, with exit code 1 where one broke a promise.

uv run python -m asset_sync_tests.reconcile.histories --examples 5000 --minutes 30
"""

import argparse
import sys
from collections.abc import Sequence

from asset_sync_tests.reconcile.histories.many import Summary, play_many
from asset_sync_tests.reconcile.histories.script import EVERYTHING, Switches


def main(arguments: Sequence[str]) -> int:
    """Play and print a summary; 0 where every promise was kept, 1 where one was not (or none played), 2 for a wrong word."""
    asked = _parser().parse_args(arguments)
    unknown = sorted({*asked.only, *asked.without} - EVERYTHING)
    if unknown:
        print(f"nothing is called {unknown[0]!r}; there are {', '.join(sorted(EVERYTHING))}", file=sys.stderr)
        return 2
    switches = Switches(frozenset(asked.only or EVERYTHING) - frozenset(asked.without))
    summary = play_many(switches, asked.examples, asked.minutes, asked.seed)
    print(told(summary))
    return 1 if summary.failures or not summary.histories else 0


def told(summary: Summary) -> str:
    """Return what came of many histories, and each broken promise with the smallest history that breaks it."""
    lines = [
        f"{summary.histories} histories in {summary.worlds} worlds, {summary.records} machines at the end",
        f"held: {summary.held} ({summary.share_held:.1%})",
        *(f"  {count:5} {reason}" for reason, count in summary.reasons.most_common(10)),
        "seen: " + ", ".join(f"{word} {count}" for word, count in sorted(summary.seen.items())),
    ]
    for sort, failure in summary.failures.items():
        lines.append(f"\nBROKEN, {failure.seen} times: {sort}\n{failure.words}\n{failure.history!r}")
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="histories", description="Play random histories of a sync and judge them.")
    parser.add_argument("--examples", type=int, default=5000, metavar="N", help="how many histories (default: 5000)")
    parser.add_argument("--minutes", type=float, default=20, metavar="N", help="the time after which it ends (default: 20)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="where the random numbers begin (default: 0)")
    words = ", ".join(sorted(EVERYTHING))
    parser.add_argument("--only", nargs="*", default=[], metavar="WORD", help=f"only these happen; of {words}")
    parser.add_argument("--without", nargs="*", default=[], metavar="WORD", help="these do not happen")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
