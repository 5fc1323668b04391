"""One line of the doctor's, and how long it may take."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

OK, WARN, FAIL = "ok", "warn", "fail"
SECONDS = 10.0  # that all checks may take together: they begin at once
AS_ITS_USER = "Run commands as Wrapup's user: docs/operations.md."
SLOW = "It had no answer after {:.0f} s."


@dataclass(frozen=True)
class Line:
    """``said`` is a sentence, without a secret in it; ``todo`` what to do, where it is not ok."""

    what: str
    state: str
    said: str
    todo: str = ""

    def told(self) -> dict[str, str]:
        return asdict(self)


Check = Callable[[], Iterator[Line]]


def run(checks: Sequence[tuple[str, Check]], seconds: float = SECONDS) -> Iterator[Line]:
    """The lines of all checks, in their order. One that hangs is a line that says so, and however many hang, the last line
    is there within the seconds; what fails by our own fault is a line, too."""
    ends = time.monotonic() + seconds
    begun = [_Begun(what, check) for what, check in checks]
    for one in begun:
        yield from one.lines(ends, seconds)


class _Begun:
    def __init__(self, what: str, check: Check):
        self._what, self._check = what, check
        self._found: list[Line] = []
        # Nobody waits for it at the end: a name server that hangs would hold up the whole command.
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            for line in self._check():
                self._found.append(line)
        except Exception as error:  # noqa: BLE001 - its words may hold a password, its kind does not
            self._found.append(Line(self._what, FAIL, f"It could not be looked at: {type(error).__name__}."))

    def lines(self, ends: float, seconds: float) -> Iterator[Line]:
        self._thread.join(max(0.0, ends - time.monotonic()))
        found = list(self._found)
        yield from found
        if self._thread.is_alive():
            yield Line(self._what, FAIL, SLOW.format(seconds), "Is it up, and may this machine reach it?")
