"""JAICP, played locally over real HTTP: takes numbers, calls them in its own time, and says what became of them.

    jaicp = Jaicp({"renewals": "8231.7056.1b131df1"}, time_scale=0.01)
    with running(create_app(jaicp)) as url: ...

``api.create_app(jaicp)`` is its HTTP side; ``python -m sandbox.jaicp --port 9444`` serves it from a shell.
Documentation played here: help.cloud.just-ai.com, "Calls API".
"""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.faults import Faults
from sandbox.jaicp.book import Book
from sandbox.jaicp.calls import FAULTS, NOT_OVER, Step, planned

MOST_REQUESTS = 1_000
MOST_JOBS = 50_000  # of a campaign; the oldest are forgotten
WAVE = 40.0  # seconds that some calls at once take


@dataclass
class Job:
    """One number of a campaign. ``steps`` are what happens to it, in the campaign's own seconds after it was added."""

    id: int
    item: dict[str, Any]
    added: float
    added_at: float
    key: str | None
    steps: list[Step]
    changed: dict[str, Any] = field(default_factory=dict)

    def row(self, elapsed: float, at: float, second: float) -> dict[str, Any]:
        """The row of the number report now; a step's times are moments, in milliseconds."""
        row: dict[str, Any] = {"id": self.id, "phone": self.item["phone"], "jobStatus": "planned"}
        for step in self.steps:
            if self.added + step.after > elapsed:
                break
            # When it was, by our clock: a campaign's second may be shorter than ours.
            moment = int((at - (elapsed - self.added - step.after) * second) * 1000)
            row |= {"startedAt": moment, **step.columns} if step.begins else {**step.columns, "finishedAt": moment}
        return row | self.changed


@dataclass
class Campaign:
    """A campaign, and its own clock, which stands still while it is paused."""

    number: int
    name: str
    created: float
    status: str = "inProcess"
    ran: float = 0.0  # seconds of its own until ``running_since``
    running_since: float | None = None
    jobs: dict[int, Job] = field(default_factory=dict)


@dataclass
class Request:
    """One request as it came, for tests and the ledger. The token is not noted."""

    verb: str
    campaign: str | None
    path: str
    status: int
    key: str | None
    at: float


class Jaicp:
    """One account. ``campaigns`` maps names to tokens. ``time_scale`` shortens what takes time: 0.1 makes a minute six
    seconds."""

    def __init__(
        self,
        campaigns: dict[str, str] | None = None,
        time_scale: float = 1.0,
        wrong_token_status: int = 404,
        requests_per_minute: int | None = None,
        seed: int = 0,
        now: Callable[[], float] = time.time,
        at_once: int | None = None,
        book: Book | None = None,
    ):
        """``at_once``: so many calls at a time, about; None: all of them. ``book`` keeps the numbers beyond a restart."""
        self.tokens = {token: name for name, token in (campaigns or {"demo": "demo"}).items()}
        self.time_scale = time_scale
        self.wrong_token_status = wrong_token_status
        self.requests_per_minute = requests_per_minute
        self.now = now
        self.faults = Faults(FAULTS)
        self.requests: list[Request] = []
        self.campaigns = {
            name: Campaign(number, name, now(), running_since=now())
            for number, name in enumerate(self.tokens.values(), 7056)
        }
        self.at_once = at_once
        self.book = book or Book()
        self._seed = seed
        self._answers: dict[tuple[str, str], list[int]] = {}
        self._last_job = 120_000
        self._lock = threading.RLock()
        for line in self.book.lines():
            if line["campaign"] in self.campaigns:
                self._add(line["campaign"], line["items"], line["key"], line["at"])

    # Numbers ----------------------------------------------------------------------------------------------------------
    def add(self, campaign: str, items: list[dict[str, Any]], key: str | None = None) -> list[int]:
        """A job for each; the ids of the first time where the key was seen before."""
        with self._lock:
            if key is not None and (campaign, key) in self._answers:
                return self._answers[campaign, key]
            at = self.now()
            ids = self._add(campaign, items, key, at)
            self.book.write(campaign=campaign, key=key, at=at, items=items)
            return ids

    def _add(self, campaign: str, items: list[dict[str, Any]], key: str | None, at: float) -> list[int]:
        found = self.campaigns[campaign]
        added = self._elapsed(found) - (self.now() - at) / self.time_scale
        ids = []
        for place, item in enumerate(items):
            self._last_job += 1
            wait = WAVE * (place // self.at_once) if self.at_once else 0.0
            steps = planned(random.Random(f"{self._seed} {self._last_job}"), item)
            job = Job(self._last_job, item, added + wait, at, key, steps)
            found.jobs[job.id] = job
            ids.append(job.id)
        while len(found.jobs) > MOST_JOBS:
            del found.jobs[next(iter(found.jobs))]
        if key is not None:
            self._answers[campaign, key] = ids
            while len(self._answers) > MOST_JOBS:
                del self._answers[next(iter(self._answers))]
        return ids

    def forget_keys(self) -> None:
        with self._lock:
            self._answers.clear()

    def change(self, job_id: int, **columns: Any) -> None:
        """Change what the report says of a job, from now on and whatever happens to it. Raises KeyError."""
        with self._lock:
            self._job(job_id).changed |= columns

    def cancel(self, campaign: str, ids: list[int], phones: list[str]) -> list[int]:
        """Cancel what is not over; the ids of the jobs that were."""
        with self._lock:
            found = self.campaigns[campaign]
            wanted = [j for j in found.jobs.values() if j.id in ids or str(j.item["phone"]) in phones]
            canceled = [job for job in wanted if self._row(found, job)["jobStatus"] in NOT_OVER]
            for job in canceled:
                job.changed["jobStatus"] = "canceled"
            return [job.id for job in canceled]

    # What became of them ----------------------------------------------------------------------------------------------
    def rows(self, campaign: str, ids: list[int], phones: list[str]) -> list[dict[str, Any]]:
        """The number report of those that there are."""
        with self._lock:
            found = self.campaigns[campaign]
            known = set(ids)
            wanted = [j for j in found.jobs.values() if j.id in known or str(j.item["phone"]) in phones]
            return [self._row(found, job) for job in wanted]

    def info(self, campaign: str) -> dict[str, Any]:
        """The campaign's information."""
        with self._lock:
            found = self.campaigns[campaign]
            statuses = [self._row(found, job)["jobStatus"] for job in found.jobs.values()]
            return {
                "id": found.number,
                "name": found.name,
                "projectName": "demo-project",
                "creationDate": int(found.created * 1000),
                "botId": "demo-bot",
                "status": found.status,
                "startTime": int(found.created * 1000),
                "endTime": None,
                "maxSimultaneousCalls": 10,
                "shortReport": {
                    "totalNumbers": len(statuses),
                    "processedNumbers": sum(status not in NOT_OVER for status in statuses),
                    "usedTalkingTime": 0,
                    "usedAsrSeconds": 0,
                    "inProcessCalls": statuses.count("inProcess"),
                    "retryCalls": statuses.count("onRetry"),
                },
            }

    def control(self, campaign: str, word: str) -> None:
        """pause, resume, stop or start. After a stop, what is not over is never done. Raises KeyError for other words."""
        status = {"pause": "paused", "resume": "inProcess", "start": "inProcess", "stop": "finished"}[word]
        with self._lock:
            found = self.campaigns[campaign]
            found.ran, found.running_since = self._elapsed(found), self.now() if status == "inProcess" else None
            found.status = status
            for job in found.jobs.values() if word == "stop" else ():
                if self._row(found, job)["jobStatus"] in NOT_OVER:
                    job.changed["jobStatus"] = "notDone"

    # Behind the scenes ------------------------------------------------------------------------------------------------
    def taken(self) -> list[dict[str, Any]]:
        """Every job that was made, for counting."""
        with self._lock:
            return [
                {"id": job.id, "campaign": found.name, "key": job.key, "at": job.added_at, **job.item}
                for found in self.campaigns.values()
                for job in found.jobs.values()
            ]

    def too_many(self) -> bool:
        """Whether a request more than is allowed has come within a minute."""
        if self.requests_per_minute is None:
            return False
        with self._lock:
            since = time.monotonic() - 60
            served = sum(request.at > since and request.status != 429 for request in self.requests)
            return served >= self.requests_per_minute

    def noted(self, request: Request) -> None:
        with self._lock:
            self.requests = [*self.requests[1 - MOST_REQUESTS :], request]

    def _elapsed(self, campaign: Campaign) -> float:
        since = campaign.running_since
        return campaign.ran + ((self.now() - since) / self.time_scale if since is not None else 0.0)

    def _row(self, campaign: Campaign, job: Job) -> dict[str, Any]:
        return job.row(self._elapsed(campaign), self.now(), self.time_scale)

    def _job(self, job_id: int) -> Job:
        return next(found.jobs for found in self.campaigns.values() if job_id in found.jobs)[job_id]
