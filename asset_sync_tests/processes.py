"""Processes that tests start beside themselves."""

import os
import signal
import subprocess
from typing import Any


def end(process: "subprocess.Popen[Any]", patience: float = 20) -> None:
    """Ask a process to end, and kill it where it has not after so many seconds; with its children where it leads a group."""
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        if os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()
