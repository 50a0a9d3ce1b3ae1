"""What both servers have in common: a log with a cursor, and counters."""

import asyncio
import time

PER_SECOND = 200
BEGAN = time.monotonic()

executions = 0
listeners = 0


def last():
    # The log goes on with the clock: as long as the process lives, nothing of
    # it is ever lost, and nobody has to write it.
    return int((time.monotonic() - BEGAN) * PER_SECOND)


def increment():
    global executions
    executions += 1
    return executions


async def events(after):
    """Numbers after `after`, or from now on."""
    global listeners
    listeners += 1
    try:
        n = last() if after is None else after
        while True:
            while n < last():
                n += 1
                yield n
            await asyncio.sleep(1 / PER_SECOND)
    finally:
        listeners -= 1
