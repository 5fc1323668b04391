"""The batches in which a loop of the worker understands receipts: when the next one begins, and what is taken in before it.

A batch of one receipt costs half of what one of twenty does (docs/decisions/0018-two-that-understand.md): receipts that come one
by one gather for a moment; a backlog is taken at once.
"""

import threading
import time
from collections.abc import Callable

from callbacks.ladder.taking_in import TakingIn

GATHER_SECONDS = 0.1  # from one batch's beginning to the next's; what is put aside may wait a quarter of a second
BESIDE_SECONDS = 0.5  # the same of a second loop, which is there for a backlog
IDLE_SECONDS = 0.2  # between two looks at an empty inbox: well under the second that an outcome may take
TAKE_IN_SECONDS = 0.03  # between two looks at what was put aside


class Batches:
    """For one thread. ``normalize`` takes a batch and says how many receipts it took, ``whole`` at most. ``taking_in``: what was
    put aside is taken in before each batch: in threads of their own, the two would wait for each other at the interpreter, with
    SQLite's writer in hand. ``note`` is told of each batch."""

    def __init__(
        self,
        normalize: Callable[[], int],
        whole: int,
        stop: threading.Event,
        taking_in: TakingIn | None = None,
        gather: float = GATHER_SECONDS,
        note: Callable[[int], object] = lambda taken: None,
    ):
        self._normalize = normalize
        self._whole = whole
        self._stop = stop
        self._taking_in = taking_in
        self._gather = gather
        self._note = note
        self._taken = whole
        self._begun = 0.0

    @property
    def pause(self) -> float:
        """How long the loop rests after a step that took nothing: whoever takes in looks for that, too, meanwhile."""
        return 0.0 if self._taking_in else IDLE_SECONDS

    def step(self) -> int:
        if self._taken == 0:
            self._look_for_what_was_put_aside()
        else:
            if self._taken < self._whole:
                self._stop.wait(max(0.0, self._begun + self._gather - time.monotonic()))
            if self._taking_in:
                self._taking_in.step()
        self._begun = time.monotonic()
        self._taken = self._normalize()
        self._note(self._taken)
        return self._taken

    def _look_for_what_was_put_aside(self) -> None:
        if self._taking_in is None:
            return
        until = time.monotonic() + IDLE_SECONDS
        while not self._taking_in.step() and time.monotonic() < until and not self._stop.wait(TAKE_IN_SECONDS):
            continue
