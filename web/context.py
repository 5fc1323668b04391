"""What views ask for, typed: made once by ``service.app``, and reached by ``context()`` within a request or a command."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from flask import Flask, current_app, g
from flask_smorest import Blueprint

from callbacks.settings import Settings as OfIntake
from callbacks.spool import Spool
from crm.destination import Destination
from lib.buckets import Buckets
from lib.openid import Provider
from lib.shared_counts import SharedCounts
from models.database import Database
from models.replica import Replica
from outcomes.decisions import Decided
from queries.recent_counts import RecentCounts
from queries.recent_words import RecentWords
from queries.reports.base import Limits
from queries.sources import Sources
from schedules.settings import Settings as OfSchedules
from upkeep.alerts.settings import Alerts
from web.last_used import LastUsed
from web.origin import Refusals
from web.scraped import Scraped
from web.sign_in_settings import Settings as OfSignIn

NAME = "wrapup"  # among a Flask application's extensions
# To sign in, of one address: so many failures at once, and then one each so many seconds. A key that is good counts for nothing,
# and whoever guesses behind another address locks nobody out.
FAILURES, SECONDS = 10, 6.0
# Of one export link: a workbook that is refreshed asks for each of its tables at once. Of one address, as often for links that
# are none.
ASKS, ASK_SECONDS = 20, 6.0


class Settings(OfIntake, Protocol):
    """As much of ``service.settings.config.Settings`` as readers are shown, and intake is told."""

    @property
    def public_url(self) -> str: ...
    @property
    def limits(self) -> Limits: ...
    @property
    def schedules(self) -> OfSchedules: ...
    @property
    def alerts(self) -> Alerts: ...
    @property
    def sign_in(self) -> OfSignIn: ...
    @property
    def destinations(self) -> Mapping[str, Destination]: ...

    def callback_urls(self) -> list[tuple[str, str, str]]: ...
    def callbacks_of(self) -> dict[str, dict[str, str]]: ...


@dataclass
class Context:
    """``connections`` are the configured ones with what was decided since; ``sources`` answer questions over many calls;
    ``replica`` is a copy that is asked in its place where it is not too far behind;
    ``refused`` counts what was refused, in all processes of this machine; ``described`` keeps what is the same for every
    reader."""

    settings: Settings
    database: Database
    connections: Decided
    spool: Spool
    sources: Sources
    refused: SharedCounts
    replica: Replica | None = None
    recent_words: RecentWords = field(default_factory=RecentWords)
    recent_counts: RecentCounts = field(init=False)
    last_used: LastUsed = field(init=False)
    provider: Provider | None = field(init=False)  # of the sign-in
    sign_in_failures: Buckets = field(default_factory=lambda: Buckets(FAILURES, SECONDS))
    link_asks: Buckets = field(default_factory=lambda: Buckets(ASKS, ASK_SECONDS))
    link_guesses: Buckets = field(default_factory=lambda: Buckets(ASKS, ASK_SECONDS))
    refusals: Refusals = field(default_factory=Refusals)
    scraped: Scraped = field(default_factory=Scraped)
    blueprints: Sequence[Blueprint] = ()
    described: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.last_used = LastUsed(self.database)
        oidc = self.settings.sign_in.oidc
        self.provider = Provider(oidc.client) if oidc else None
        self.recent_counts = RecentCounts(self.database, folder=self.settings.data_dir)

    def reading(self) -> Database:
        """Whom questions over many calls are put to. Never what must be of this moment: keys, the change feed, what somebody is
        about to change."""
        if self.replica is None:
            return self.database
        database, behind = self.replica.choose()
        if behind is not None:
            g.behind = max(behind, g.get("behind", 0.0))
        return database

    def refuse(self, event: str) -> None:
        """Count and log that the present request is refused, and who sent it."""
        self.refused.add(event)
        self.refusals.log(event)


def context(app: Flask | None = None) -> Context:
    """Of this application, or of the one that serves the present request."""
    found: Context = (app or current_app).extensions[NAME]
    return found
