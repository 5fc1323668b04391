"""The whole API against its own description: thousands of requests, right and wrong ones, and every answer checked."""

import json
import threading
from collections import Counter
from dataclasses import replace
from datetime import datetime

import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema

from queries import selection
from queries.reports.groups import GROUPS
from service.app import create_app
from tests import factories
from tests.thoroughly import THOROUGH
from tests.web.conftest import CONNECTIONS, client_with, settings_for
from tests.web.listening import Keeping, listening
from web import long_polls
from web.context import context

# What these formats mean cannot be said in JSON Schema: zones that exist, and times within the years that we take.
ZONES = ["UTC", "Asia/Kolkata", "Europe/Kyiv", "America/St_Johns"]
TIMES = st.datetimes(datetime(1990, 1, 2), datetime(2199, 12, 30)).map(lambda at: at.isoformat() + "Z")  # noqa: DTZ001

# Any text is a cursor by its type, but only one that we gave is taken.
OPAQUE = {"cursor", "after"}
OF_VIEWS = {
    "query",
    "report",
    "name",
    "expires_at",
}  # what a view may ask, and when a link may end, stands in no schema
# What one report can be asked, another cannot: those about loads know few filters, and what names a row of one is no value of
# another's.
OF_EXPORTS = {"format", "for", "columns"}
OF_REPORTS = (
    {*GROUPS, *selection.FILTERS, "group_by", "compare", "figure", "row", "zone", "attempt", "never"}
    | OPAQUE
    | OF_EXPORTS
)
# Where one goes is said in one of three ways, and by what the settings have; and 3.0 is no day, though it is a whole number.
OF_SCHEDULES = {"to", "folder", "bucket", "view_id", "tz", "tell", "weekdays", "month_day"}
# What is a telephone number, and a time of the future, stands in no schema.
OF_SUPPRESSIONS = {"numbers", "number", "until", "connection"}
OF_KEYS = {"name", "owner", "expires_at", "connections", "networks"}
BY_FIGURE = ("/api/v1/outcomes", "/api/v1/outcomes/export", "/api/v1/leads", "/api/v1/reports/{name}")


# What a dialer takes is known to the dialer's own code and stands in no schema; nor does whether it can be reached.
TOWARDS_DIALERS = tuple(f"/api/v1/{name}/" for name in ("campaigns", "leads", "calls", "ivrs"))
NOBODY = "http://127.0.0.1:9"  # where no dialer listens


@schemathesis.serializer("application/x-ndjson")
def lines(context, value):
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


@pytest.fixture
def app(database, database_url, tmp_path, monkeypatch):
    over = threading.Event()
    over.set()
    monkeypatch.setattr(long_polls, "ENDING", over)  # or every ``wait`` that is tried would be waited for
    ryng = {"api_url": NOBODY, "access_token": "t", "requests_per_minute": 60_000}
    qvoice = {"portal_url": NOBODY, "username": "u", "password": "p", "domain": "d", "account_id": "a"}
    connections = {
        "ryng-main": replace(CONNECTIONS["ryng-main"], settings=ryng),
        "qvoice-main": replace(CONNECTIONS["qvoice-main"], settings=qvoice | {"requests_per_minute": 60_000}),
    }
    app = create_app(replace(settings_for(database_url, tmp_path), connections=connections))
    yield app
    context(app).database.close()


@pytest.fixture
def our_formats():
    schemathesis.openapi.format("iana-time-zone", st.sampled_from(ZONES))
    schemathesis.openapi.format("date-time", TIMES)
    schemathesis.hook(filter_failure)
    yield
    schemathesis.hooks.unregister_all()


def filter_failure(context, failure, case, response):
    """Drop what is no failure: a cursor of its own making was refused; a dialer refused what it does not take, or is not
    there."""
    kind, status = type(failure).__name__, response.status_code
    if not case.operation.path.startswith("/api/v1/"):  # whatever comes, in any method, the answer is 200
        return kind not in ("AcceptedNegativeData", "UnsupportedMethodResponse")
    towards = case.operation.path.startswith(TOWARDS_DIALERS)
    if kind == "ServerError":
        return not (towards and status == 503 and json.loads(response.content)["error_id"] == "unavailable")
    if kind != "RejectedPositiveData" or status != 422:
        return True
    meant = OF_REPORTS if case.operation.path in BY_FIGURE else OPAQUE
    if case.operation.path.startswith(("/api/v1/views", "/api/v1/export-links")):
        meant = OF_VIEWS
    if case.operation.path.startswith("/api/v1/schedules"):
        meant = OPAQUE | OF_SCHEDULES
    if case.operation.path.startswith(("/api/v1/suppressions", "/api/v1/suppressed-leads")):
        meant = OPAQUE | OF_SUPPRESSIONS
    if case.operation.path.startswith("/api/v1/keys"):
        meant = OPAQUE | OF_KEYS
    if case.operation.path.startswith(("/api/v1/erasures", "/api/v1/persons")):
        meant = OPAQUE | {"number", "connection"}
    told = {name.partition(".")[0] for name in json.loads(response.content)["details"]}
    return not towards and not told <= meant


@pytest.mark.slow
def test_every_answer_is_as_described(app, database, our_formats):
    fill(database)
    key = client_with(app, database, "admin").key
    config = SchemathesisConfig.from_dict(
        {
            "seed": 20261118,
            "headers": {"Authorization": f"Bearer {key}"},
            # A NUL is text to JSON Schema, and refused by us wherever it stands.
            "generation": {
                "deterministic": True,
                "max-examples": 6 if THOROUGH else 3,
                "database": "none",
                "allow-x00": False,
            },
            # Each parameter's edges, thousands of cases that are always the same: once is enough.
            "phases": {"coverage": {"enabled": database.is_sqlite}},
            "workers": 1,
            "continue-on-failure": True,
        }
    )
    # Over real HTTP: in process, schemathesis 4.32 cannot send the requests of its check ``ignored_auth``.
    with listening(app, handler=Keeping) as port:
        url = f"http://127.0.0.1:{port}"
        schema = schemathesis.openapi.from_url(f"{url}/openapi.json", config=config)
        schema.config.base_url = url
        cases, wrong = run(schema)
    print(f"schemathesis: {sum(cases.values())} cases {dict(cases)}")
    assert not wrong, f"{len(wrong)} findings\n\n" + "\n\n".join(dict.fromkeys(wrong))
    assert sum(cases.values()) > (1000 if database.is_sqlite else 100)


def run(schema):
    """Every phase of schemathesis: the number of cases by phase, and what was found wrong."""
    cases, wrong = Counter(), []
    for event in from_schema(schema).execute():
        if isinstance(getattr(event, "value", None), Exception):
            wrong.append(f"{event.label}: {event.value!r}")
        if (recorder := getattr(event, "recorder", None)) is not None:
            cases[event.phase.value] += len(recorder.cases)
            found = [check.failure_info for checks in recorder.checks.values() for check in checks]
            wrong += [f"{recorder.label}: {info.failure}\n{info.code_sample}" for info in found if info]
    return cases, wrong


def fill(database):
    with database.write() as session:
        said_by = factories.receipt(session)
        row = factories.outcome(session, flags=["contact"], set_by={"talk_seconds": str(said_by.id)})
        factories.event(session, row, said_by)
        factories.receipt(session, state="quarantined", stranger=True, body=b"\xff\x00")
        factories.campaign(session)
        factories.queue(session)
        factories.poll(session)
        factories.destination(session)
        factories.delivery(session, outcome_id=row.id, before={"s": "NEW"}, after={"s": "OPEN"})
        factories.delivery(session, state="held", candidates=[{"id": "1", "name": None, "url": None}])
