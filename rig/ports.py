"""Ports of this machine."""

import itertools
import os
import socket

# Below those that the kernel gives to whoever connects (from 32,768 on Linux): between our look and our use, nobody gets one by
# chance. Processes that test side by side each begin elsewhere.
FIRST, MANY = 15_000, 17_000
_numbers = itertools.count(os.getpid() * 131)


def free_port() -> int:
    """One that nobody listened on a moment ago."""
    for number in itertools.islice(_numbers, MANY):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", FIRST + number % MANY))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("No port is free.")
