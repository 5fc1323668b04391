"""``python -m tests.schedules.workers URL PORT CLOCK SEED``: two workers that send schedules, one of which is killed again and
again, at random. The clock is what the file CLOCK says. Ends with its standard input.

They are forks of a process that has loaded everything: what is started anew thirty times a minute is to start at once.
"""

import os
import random
import select
import signal
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

from models.database import Database
from queries.sources import NEVER, Sources
from queries.views.answering import Means
from rig.patience import stretched
from schedules.asking import asker
from schedules.sending import Sender
from schedules.settings import Settings
from tests.schedules.rig import OPS, mail_of

WORKERS = 2
LIVES = (0.1, 0.7)  # seconds of a quiet machine, from and to
LEAST = 3  # deaths that come as soon on a busy one: all would be over before, or nobody would get to send


def sender_of(url: str, port: int, clock: Path) -> tuple[Database, Sender]:
    database = Database(url)

    def now() -> datetime:
        return datetime.fromisoformat(clock.read_text())

    means = Means(database, Sources(database, clock.parent / "mirror", NEVER), {})
    return database, Sender(database, Settings(mail_of(port), tell=OPS), asker(means), now)


def born(sender: Sender) -> int:
    """A worker for as long as it is let."""
    child = os.fork()
    if child:
        return child
    try:
        threading.Thread(target=_die_with, args=(os.getppid(),), daemon=True).start()
        while True:
            if not sender.step():
                time.sleep(0.02)
    finally:  # its own end is none of ours
        os._exit(1)


def _die_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _life(chance: random.Random, kills: int) -> float:
    life = chance.uniform(*LIVES)
    return life if kills < LEAST else stretched(life)


def main(url: str, port: int, clock: Path, seed: int) -> None:
    chance, kills = random.Random(seed), 0
    database, sender = sender_of(url, port, clock)
    sender.step()  # what it has learned of its statements they need not learn again
    database.close()
    alive = [born(sender) for _ in range(WORKERS)]
    while not select.select([sys.stdin], [], [], _life(chance, kills))[0]:
        victim = chance.randrange(WORKERS)
        os.kill(alive[victim], signal.SIGKILL)
        os.waitpid(alive[victim], 0)
        kills += 1
        alive[victim] = born(sender)
    for child in alive:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    print(f"\n{kills}")  # a log's last line may have been cut off with whoever wrote it


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
