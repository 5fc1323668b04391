"""How long to wait for something that is bound to happen. A busy machine gives each process a part of its time: waiting is
stretched by as much, so that a test fails for what does not happen and not for what takes longer there."""

import os

MOST = 8.0


def stretched(seconds: float) -> float:
    """So many seconds of a quiet machine."""
    waiting = os.getloadavg()[0] / (os.cpu_count() or 1)  # runnable processes for each processor, of late
    return seconds * min(MOST, max(1.0, waiting))
