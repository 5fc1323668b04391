"""An eraser that is killed: ``python -m tests.upkeep.erasure.dying URL FOLDER``. In each step once before anything of it is
committed, once after, and once before it is noted how far it came; begun again each time, until all is done.
"""

import os
import signal
import sys
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.orm import Session

from leads.spreading import Spreading
from models.database import Database
from tests.evidence import CONNECTIONS, normalize
from upkeep.erasure.working import Eraser

OWNER = "always the same, so that nobody waits for its lease"


class Dying(Eraser):
    """Dies once at each place; ``deaths``: a file of those at which it did."""

    deaths: Path

    def _do(self, row, step, at):
        armed = [True]

        def die(where: str) -> None:
            place = f"{step} {where}"
            if armed[0] and place not in self.deaths.read_text().splitlines():
                with self.deaths.open("a") as file:
                    print(place, file=file, flush=True)
                os.kill(os.getpid(), signal.SIGKILL)

        def executes(connection, cursor, statement, *_):
            if statement.startswith("UPDATE erasures SET") and "counts" in statement:
                die("before it is noted")

        heard = [
            (self.database.engine, "before_cursor_execute", executes),
            (Session, "before_commit", lambda session: die("before a commit")),
            (Session, "after_commit", lambda session: die("after a commit")),
        ]
        for listened in heard:
            event.listen(*listened)
        try:
            return super()._do(row, step, at)
        finally:
            armed[0] = False
            for listened in heard:
                event.remove(*listened)


def work(url: str, folder: Path) -> None:
    database = Database(url)
    eraser = Dying(database, folder / "data", owner=OWNER)
    eraser.deaths = folder / "deaths"
    for _ in range(100):
        Spreading(database, CONNECTIONS).step()
        normalize(database)
        while eraser.step():
            pass
        if not eraser.running():
            return
    raise AssertionError("It does not end.")


def main(url: str, folder: Path) -> None:
    (folder / "deaths").touch()
    for _ in range(60):
        child = os.fork()
        if not child:
            work(url, folder)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(os.waitstatus_to_exitcode(status))
    sys.exit("It was killed too often.")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
