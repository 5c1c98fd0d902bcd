"""The edge: a message goes to a channel by apprise. Its URL, which holds secrets, is in no log and no error."""

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Final

import apprise
from apprise.logger import logger as apprise_log

from asset_sync import settings
from asset_sync.alerts.model import Channel
from asset_sync.alerts.wording import Message

_HOW: Final = apprise.AppriseAsset(http_redirects=False)
_LONGEST_S: Final = 45.0
"""So long a channel may take for a message with all its parts; the look of a sensor is given up after a minute."""
_PARTS: Final = 5
"""Of what is longer than so many parts the first one is sent alone: nobody wants ninety of them by SMS."""
_STATUS: Final = re.compile(r"error=(\d{3})")
_sending: Final = threading.local()


def send(channel: Channel, message: Message) -> str | None:
    """Send a message; return in words why the channel did not take it, None where it did. Raises nothing.

    Where the channel takes only shorter ones it goes in a few parts, else its beginning alone; and nowhere else than to the
    address of the channel.
    """
    url = settings.optional(channel.variable)
    if url is None:
        return f"{channel.variable} is not set: set it to the channel's URL in the environment or in .env"
    answer: SimpleQueue[str | None] = SimpleQueue()
    # A server may answer for ever, byte by byte. The thread is left to it, and ends with the process.
    threading.Thread(target=lambda: answer.put(_sent(channel, url, message)), daemon=True, name="alert").start()
    try:
        return answer.get(timeout=_LONGEST_S)
    except Empty:
        return f"it did not take the message within {_LONGEST_S:g} s"


def _sent(channel: Channel, url: str, message: Message) -> str | None:
    with _heard() as heard:
        try:
            service = apprise.Apprise.instantiate(url, asset=_HOW)
            if service is None:
                return f"{channel.variable} has no URL that apprise knows: see https://appriseit.com/services/"
            taken = service.notify(
                body=message.body,
                title=message.title,
                body_format=apprise.NotifyFormat.TEXT,
                overflow=_overflow(service, message),
            )
        except Exception as error:  # noqa: BLE001 - a channel of many libraries; what it says may have the URL in it
            return f"it fails with {type(error).__name__}"
    return None if taken else _why(heard)


def _overflow(service: apprise.NotifyBase, message: Message) -> apprise.OverflowMode | None:
    """Return what is done with a message that is too long for a channel; None where its URL says that."""
    if service.overflow_mode is not apprise.OverflowMode.UPSTREAM:
        return None
    few = len(message.body) <= _PARTS * service.body_maxlen
    return apprise.OverflowMode.SPLIT if few else apprise.OverflowMode.TRUNCATE


def _why(heard: list[str]) -> str:
    """Return what is safe to tell of what apprise says: its words may have parts of the URL in them."""
    statuses = [found.group(1) for words in heard if (found := _STATUS.search(words))]
    return f"it answered {statuses[-1]}" if statuses else "it cannot be reached, or does not take messages"


class _Hush(logging.Filter):
    """Keeps what a sending thread logs to itself: request lines have the URL's path in them, which often is the secret."""

    def filter(self, record: logging.LogRecord) -> bool:
        heard: list[str] | None = getattr(_sending, "heard", None)
        if heard is None:
            return True
        heard.append(record.getMessage())
        return False


_HUSH: Final = _Hush()
for _log in (apprise_log, *map(logging.getLogger, ("urllib3.connectionpool", "urllib3.util.retry", "requests_oauthlib"))):
    _log.addFilter(_HUSH)


@contextmanager
def _heard() -> Iterator[list[str]]:
    """Hush the loggers in this thread, and yield what they say meanwhile."""
    _sending.heard = []
    try:
        yield _sending.heard
    finally:
        del _sending.heard
