"""The entry of the program: nothing is imported before Ctrl-C is told in a line, too, for imports take seconds."""

import sys


def main() -> None:
    """Run the command line."""
    try:
        from asset_sync.cli.main import main as program  # noqa: PLC0415
    except KeyboardInterrupt:
        sys.stderr.write("asset-sync: stopped\n")
        sys.exit(130)
    program()
