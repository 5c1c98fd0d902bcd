"""Runs one command and prints, as JSON, what it took: seconds, those of the CPU, peak resident memory in MiB, exit status.

    python -S meter.py LOG COMMAND …

A process of its own, and a small one: the kernel counts what the parent holds at the moment of the start as the child's, too.
"""

import json
import os
import subprocess
import sys
import time


def main(log: str, *command: str) -> None:
    """Run the command, with all that it says appended to the file `log`."""
    with open(log, "ab") as said:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
    told = {"seconds": seconds, "cpu": usage.ru_utime + usage.ru_stime, "mib": usage.ru_maxrss / 1024}
    print(json.dumps({**told, "status": os.waitstatus_to_exitcode(status)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
