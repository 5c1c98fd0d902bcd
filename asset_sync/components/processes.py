"""Processes of this machine: which one this is, and whether another one still lives."""

import os
import socket
import sys
from pathlib import Path

from asset_sync.ledger.leases import Holder


def this_process() -> Holder:
    """Return this process."""
    return Holder(this_machine(), os.getpid(), _began(os.getpid()) or "")


def this_machine() -> str:
    """Return the name of the machine; on Linux with the space of process numbers, which a container has of its own."""
    space = os.readlink("/proc/self/ns/pid") if sys.platform == "linux" else sys.platform
    return f"{socket.gethostname()}/{space}"


def lives(holder: Holder) -> bool:
    """Tell whether a process of this machine lives."""
    return _began(holder.process) == holder.began


def _began(process: int) -> str | None:
    """Return what tells when a process began, the same as long as it lives; None where there is no such one."""
    if sys.platform != "linux":
        return _began_elsewhere(process)
    try:
        state, *told = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # Counted from the start of the machine, so that nobody who sets the clock moves it.
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return None if state == "Z" else f"{boot}/{told[18]}"


def _began_elsewhere(process: int) -> str | None:
    import psutil  # noqa: PLC0415 - Linux says it by itself, and faster

    try:
        return f"{psutil.Process(process).create_time():.0f}"
    except psutil.NoSuchProcess:
        return None
