"""Who looks on throughout: one writes into the database as Wrapup does; one follows the change feed and one asks for a list, both
through the balancer."""

import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress

import requests
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from models.database import Database
from tests.ha.cluster import Cluster
from tests.ha.world import Api
from web.behind import HEADER

WRITE_SECONDS, FOLLOW_SECONDS, LIST_SECONDS = 0.1, 0.2, 0.5
AWAY_SECONDS = 1.0
READER_SECONDS = 10
TABLE = "ha_writes"


class Beside:
    """Is at work in a thread of its own for as long as it is ``running``."""

    def __init__(self) -> None:
        self._over = threading.Event()

    def _run(self) -> None:
        """Until ``_over`` is set."""
        raise NotImplementedError

    @contextmanager
    def running(self):
        thread = threading.Thread(target=self._run, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            thread.join(60)


class Writer(Beside):
    """Writes number after number, each in a transaction of its own, with Wrapup's own connections."""

    def __init__(self, url: str):
        super().__init__()
        self._database = Database(url)
        self.at: list[float] = []  # when each was committed

    @contextmanager
    def running(self):
        with self._database.write() as session:
            session.execute(text(f"CREATE TABLE {TABLE} (n int PRIMARY KEY)"))
        with super().running():
            yield self

    def away_since(self, moment: float) -> tuple[float, float]:
        """Seconds of the longest time without a write after the moment, and from the moment to the end of the last time without
        one that was longer than AWAY_SECONDS; 0.0: there was none."""
        at = [moment, *(one for one in self.at if one > moment), time.monotonic()]
        gaps = [(later - before, later - moment) for before, later in zip(at, at[1:], strict=False)]
        return max(gaps)[0], max((end for gap, end in gaps if gap > AWAY_SECONDS), default=0.0)

    def lost(self) -> int:
        """Of what was committed, how much is not there any more."""
        with self._database.read() as session:
            there = set(session.scalars(text(f"SELECT n FROM {TABLE}")))
        return len(set(range(len(self.at))) - there)

    def _run(self) -> None:
        while not self._over.wait(WRITE_SECONDS):
            with suppress(SQLAlchemyError):
                with self._database.write() as session:
                    # Where nobody said whether the last one was committed, it is written once more.
                    session.execute(text(f"INSERT INTO {TABLE} VALUES ({len(self.at)}) ON CONFLICT DO NOTHING"))
                self.at.append(time.monotonic())


class Successor:
    """Looks out for another primary than the present one, until it is found or this is closed. ``at``: when it was seen."""

    def __init__(self, cluster: Cluster):
        self.at: float | None = None
        self._cluster = cluster
        self._over = threading.Event()
        before = cluster.primary()
        threading.Thread(
            target=self._run, args=["".join(name for name in "abc" if name != before)], daemon=True
        ).start()

    def close(self) -> None:
        self._over.set()

    def _run(self, others: str) -> None:
        while not self._over.wait(WRITE_SECONDS):
            if self._cluster.primary(others):
                self.at = time.monotonic()
                return


class Reader(Beside):
    """Follows the feed from its beginning, and asks again after every failure."""

    def __init__(self, api: Api):
        super().__init__()
        self._api = api
        self.seen: Counter[tuple[str, int]] = Counter()
        self.at: list[float] = []  # when something new came
        self.failed: Counter[str] = Counter()
        self.disorder = 0
        self.restarts = 0
        self.reached = 0

    def longest_since(self, moment: float) -> float:
        """Seconds in which nothing new came, at most."""
        at = [moment, *(one for one in self.at if one > moment)]
        return max((later - before for before, later in zip(at, at[1:], strict=False)), default=0.0)

    def wrong(self, stored: dict[str, int]) -> list[str]:
        """``stored``: revision by id, of all outcomes."""
        twice = [what for what, times in self.seen.items() if times > 1]
        missed = [id_ for id_, revision in stored.items() if (id_, revision) not in self.seen]
        return [
            *([f"the feed showed {len(twice)} revisions more than once"] if twice else []),
            *([f"the feed never showed {len(missed)} outcomes as they are, {missed[0]} among them"] if missed else []),
            *([f"places of the feed came out of order {self.disorder} times"] if self.disorder else []),
            *([f"the feed began again {self.restarts} times"] if self.restarts else []),
        ]

    def _run(self) -> None:
        after = ""
        with requests.Session() as session:
            session.headers.update(self._api.headers)
            while not self._over.is_set():
                after, more = self._ask(session, after)
                if not more:
                    self._over.wait(FOLLOW_SECONDS)

    def _ask(self, session: requests.Session, after: str) -> tuple[str, bool]:
        query = {"after": after, "limit": "1000"}
        try:
            answer = session.get(f"{self._api.url}/outcomes/changes", params=query, timeout=15)
            told = answer.json() if answer.status_code == 200 else {}
        except (requests.RequestException, ValueError) as error:
            self.failed[type(error).__name__] += 1
            return after, False
        if answer.status_code != 200:
            self.failed[str(answer.status_code)] += 1
            self.restarts += answer.status_code == 409
            return after, False
        for one in told["outcomes"]:
            self.seen[one["id"], one["revision"]] += 1
            self.disorder += one["position"] <= self.reached
            self.reached = max(self.reached, one["position"])
        if told["outcomes"]:
            self.at.append(time.monotonic())
        return told["next"], told["more"]


class Lister(Beside):
    """Asks for a list, which a copy of the database may answer."""

    def __init__(self, api: Api):
        super().__init__()
        self._api = api
        self.answers: Counter[str] = Counter()
        self.behind: list[float] = []

    def said(self) -> str:
        told = ", ".join(f"{name} {many:,}" for name, many in self.answers.most_common())
        return f"{told}; behind {max(self.behind, default=0.0):.1f} s at the most"

    def wrong(self) -> list[str]:
        late = sum(one > READER_SECONDS + 1 for one in self.behind)
        told = [f"{late} lists were more than {READER_SECONDS} s behind"] if late else []
        return told if self.behind else ["no list was ever read from the copy"]

    def _run(self) -> None:
        with requests.Session() as session:
            session.headers.update(self._api.headers)
            while not self._over.wait(LIST_SECONDS):
                self.answers[self._ask(session)] += 1

    def _ask(self, session: requests.Session) -> str:
        try:
            answer = session.get(f"{self._api.url}/outcomes", params={"limit": "5"}, timeout=15)
        except requests.RequestException as error:
            return type(error).__name__
        if answer.status_code != 200:
            return str(answer.status_code)
        if (behind := answer.headers.get(HEADER)) is None:
            return "from the primary"
        self.behind.append(float(behind))
        return "from the copy"
