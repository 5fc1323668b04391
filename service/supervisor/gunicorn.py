"""gunicorn as ``wrapup serve`` starts it: with our code, wherever that is."""

import gc
import time

from gunicorn.app.wsgiapp import WSGIApplication
from gunicorn.arbiter import Arbiter

STILL_SECONDS = 5.0  # it looks each second
AGAIN_SECONDS = 10.0


class Patient(Arbiter):
    """gunicorn kills those that have not shown for ``timeout`` that they live. Where it has stood still itself, as all processes
    of a container that is paused do, they could not: then they have some seconds for it, and nobody dies with what he has to
    answer."""

    _looked_at: float | None = None
    _patient_until = 0.0

    def murder_workers(self) -> None:
        now = time.monotonic()
        if self._looked_at is not None and now - self._looked_at > STILL_SECONDS:
            self._patient_until = now + AGAIN_SECONDS
        self._looked_at = now
        if now >= self._patient_until:
            super().murder_workers()


class Gunicorn(WSGIApplication):
    """gunicorn looks for modules in the folder where it was started before it looks anywhere else. There may lie another
    Wrapup, or somebody's own ``lib``: of that nothing is taken. The folder itself stays, for paths in the settings."""

    def chdir(self) -> None:
        return

    def run(self) -> None:
        Patient(self).run()


if __name__ == "__main__":
    gc.disable()  # until all is loaded: ``hooks``
    Gunicorn(prog="gunicorn").run()
