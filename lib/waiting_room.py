"""A bound on what waits in memory at the same time, shared by all who bring some of it."""

import threading


class WaitingRoom:
    """``most`` bytes for all of them together."""

    def __init__(self, most: int):
        self._left = most
        self._lock = threading.Lock()

    def take(self, size: int) -> bool:
        """Whether there was room, which is then the caller's until it is given back."""
        with self._lock:
            if size > self._left:
                return False
            self._left -= size
            return True

    def give_back(self, size: int) -> None:
        if size:
            with self._lock:
                self._left += size


class Seat:
    """What one of them has of a room."""

    __slots__ = ("_room", "size")

    def __init__(self, room: WaitingRoom):
        self._room = room
        self.size = 0

    def take(self, size: int) -> bool:
        """Whether there was room for so much more."""
        if not self._room.take(size):
            return False
        self.size += size
        return True

    def close(self) -> None:
        self._room.give_back(self.size)
        self.size = 0
