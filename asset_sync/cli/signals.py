"""Stopping: what runs until a person ends it, ends the same way by Ctrl-C and by SIGTERM."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final

from asset_sync.operations import stopping

STOPPED: Final = 130
"""The exit status of what was stopped."""
_PATIENCE_S: Final = 8.0
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def until_stopped() -> Iterator[None]:
    """Leave quietly when Ctrl-C or SIGTERM comes, with everything inside cleaned up."""
    with as_interrupts(), suppress(KeyboardInterrupt):
        yield


@contextmanager
def as_interrupts() -> Iterator[None]:
    """Make a KeyboardInterrupt of Ctrl-C and SIGTERM alike, also where a shell started this with &, which makes it deaf."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def in_time() -> Iterator[None]:
    """See to it that this process ends within seconds once it is asked to, whatever its threads still wait for.

    A request that is under way may take minutes. What was sent by then is settled by the next run, as after a crash.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    receiver, sender = socket.socketpair()
    sender.setblocking(False)
    # Dagster handles signals by itself while it runs something; of this, Python tells before any handler.
    before = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_end_in_time, args=(receiver,), daemon=True, name="stopping").start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        sender.close()


def _end_in_time(receiver: socket.socket) -> None:
    with receiver:
        while told := receiver.recv(16):
            if set(told) & {int(number) for number in _SIGNALS}:
                stopping.REQUESTED.set()
                time.sleep(_PATIENCE_S)
                os.write(2, b"\nasset-sync: stopped\n")
                os._exit(STOPPED)
