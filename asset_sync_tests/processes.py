"""Processes that tests start beside themselves."""

import subprocess
from typing import Any


def end(process: "subprocess.Popen[Any]", patience: float = 20) -> None:
    """Ask a process to end, and kill it where it has not after so many seconds."""
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
