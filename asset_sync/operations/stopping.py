"""That a person, or the system, asked this process to stop: known to what waits, whoever handles the signal."""

import threading
from typing import Final

REQUESTED: Final = threading.Event()
