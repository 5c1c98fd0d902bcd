"""The entry of the program: nothing large is imported before Ctrl-C is told in a line, too, for imports take seconds."""

import sys

from asset_sync.memory import collect_seldom, give_back_at_once


def main() -> None:
    """Run the command line."""
    collect_seldom()
    give_back_at_once()
    try:
        from asset_sync.cli.main import main as program  # noqa: PLC0415
    except KeyboardInterrupt:
        sys.stderr.write("asset-sync: stopped\n")
        sys.exit(130)
    program()
