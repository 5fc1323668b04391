"""Memory that is free goes back to the system."""

import ctypes
import gc
import time
from math import inf

COLLECT_SECONDS = 10.0

_libc = ctypes.CDLL(None)
_collected_at = -inf
_owed = False  # there has been work since


def give_back() -> None:
    """What batches needed and need no more. Objects that hold each other are looked for every ten seconds at most: it keeps all
    threads waiting for some milliseconds, and a process that looks seldom by itself (``service.worker``) gathers a hundred
    bytes of them for each receipt. glibc keeps what is free, in an arena for each thread; elsewhere it is left as it is."""
    global _collected_at, _owed
    if _due():
        gc.collect()
        _collected_at, _owed = time.monotonic(), False
    trim = getattr(_libc, "malloc_trim", None)
    if trim is not None:
        trim(0)


def tend(worked: bool) -> None:
    """The same now and then, for whoever has never nothing to do, a constant stream of callbacks leaves no pause; and once more
    after the last work, where its pause came too soon after another for objects to be looked for."""
    global _owed
    _owed = _owed or worked
    if _owed and _due():
        give_back()


def _due() -> bool:
    return time.monotonic() - _collected_at > COLLECT_SECONDS
