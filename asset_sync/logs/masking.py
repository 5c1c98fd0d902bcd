"""What no line of a log may show: the secrets of the environment, by their values."""

import logging
from functools import lru_cache
from typing import Any

from asset_sync import settings
from asset_sync.systems.http.masking import Secrets

_plain = logging.Formatter()


def masked(said: Any) -> Any:
    """Return a text, or what is to be JSON, with `***` in place of what is secret."""
    return _secrets(settings.secrets()).masked_json(said)


class Masked(logging.Filter):
    """Lets every record through, with `***` for what is secret in its words and its traceback; for any handler."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask a record."""
        record.msg, record.args = masked(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = _plain.formatException(record.exc_info)
        record.exc_text = masked(record.exc_text)
        return True


@lru_cache(maxsize=4)
def _secrets(values: frozenset[str]) -> Secrets:
    # What is looked for is worked out once for the values, not for each line.
    return Secrets(values)
