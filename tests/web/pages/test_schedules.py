"""The pages of schedules: made by a form, steered, and nothing that somebody has written becomes markup."""

import html
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from lib import clock, ids
from models import Schedule, ScheduledSend, View
from schedules.settings import Settings
from service.app import create_app
from tests.schedules.rig import OPS, mail_of, view
from tests.web.conftest import settings_for
from tests.web.pages.shown import text
from web.context import context
from web.scraped import Scraped

HOSTILE = '<script>alert(1)</script>" onclick="x'


@pytest.fixture
def app(database, database_url, tmp_path):
    app = create_app(replace(settings_for(database_url, tmp_path), schedules=Settings(mail_of(9), tell=OPS)))
    context(app).scraped = Scraped(0.0)
    yield app
    context(app).database.close()


def made(admin, database, **given):
    one = view(database, name=HOSTILE)
    fields = {
        "name": HOSTILE,
        "view_id": str(one.id),
        "way": "to",
        "where": f"{OPS}, b@example.com",
        "at": "07:00 19:30",
    }
    return admin.post("/schedules", **(fields | {"tz": "Asia/Kolkata", "format": "csv"} | given))


def test_without_a_view_there_is_nothing_to_send(admin, reader):
    assert "There is no view yet" in text(admin, "/schedules")
    assert "A new schedule" not in text(reader, "/schedules")


def test_made_looked_at_and_steered(admin, reader, database):
    answer = made(admin, database, weekdays=["1", "5"])
    assert answer.status_code == 303
    page = text(reader, answer.location)
    assert "<script>" not in page and "Monday, Friday at 07:00, 19:30" in page and "Send it now" not in page
    assert "<script>" not in text(admin, "/schedules")
    with database.write() as session:
        session.execute(update(View).values(owner="somebody", name="Unsaid"))
    for path in ("/schedules", answer.location):
        assert "a view of its owner" in text(reader, path) and "Unsaid" not in text(reader, path)
        assert "<bdi>Unsaid</bdi>" in text(admin, path)
    for do, said in (("pause", "Resume</button>"), ("resume", "Pause</button>"), ("send", "pending")):
        assert admin.post(answer.location, do=do).status_code == 303
        assert said in text(admin, answer.location)
    with database.write() as session:
        session.execute(update(ScheduledSend).values(state="unknown", answer=HOSTILE))
    page = text(admin, answer.location)
    assert "Send once more" in page and "<script>" not in page
    with database.read() as session:
        (send,) = session.query(ScheduledSend).all()
    assert admin.post(f"/scheduled-sends/{send.id}/repeat").status_code == 303
    assert "pending" in text(admin, answer.location)
    assert reader.post(answer.location, do="delete").status_code == 403
    assert admin.post(answer.location, do="nothing").status_code == 400
    assert admin.post(answer.location, do="delete").location == "/schedules"
    assert admin.get(answer.location).status_code == 404


def test_nobody_can_be_told_without_a_mail_server(admin, database, app):
    view(database)
    assert 'name="tell"' in text(admin, "/schedules")
    own = context(app)
    own.settings = replace(own.settings, schedules=Settings(folder=Path("/srv/out")))
    page = text(admin, "/schedules")
    assert "into a folder</option>" in page and 'name="tell"' not in page


def test_a_view_that_is_broken_is_said_before_it_is_due(admin, database):
    address = made(admin, database).location
    assert "cannot be asked" not in text(admin, address)
    with database.write() as session:
        session.execute(update(View).values(query={"connection": ["<i>gone"]}))
    assert "nothing of it can be sent. The connection &lt;i&gt;gone is not in the settings" in text(admin, address)


def test_why_a_view_is_broken_is_told_to_those_alone_who_may_see_it(admin, reader, database):
    at, why = made(admin, database).location, "The connection secret-campaign is not in the settings (any more)."
    admin.get(at)
    admin.post(at, do="send")
    with database.write() as session:
        failed = {"state": "failed", "reason": "view_broken", "answer": f"It cannot be asked: {why}"}
        session.execute(update(ScheduledSend).values(settled_at=clock.now(), **failed))
        session.execute(update(View).values(owner="somebody", query={"connection": ["secret-campaign"]}))
    for path in ("/", "/live/connections", at):
        assert why in text(admin, path)
        page = text(reader, path)
        assert "secret-campaign" not in page and "its own page says why to those who may see it" in page
    with database.write() as session:
        session.execute(update(View).values(owner="read"))
    assert why in text(reader, "/")


WAITS = "What was to be sent by a schedule has been waiting for 2 h. Is a worker running?"


def test_what_nobody_sends_is_not_said_to_be_due_next(admin, database):
    """Without a worker: the moment is past, and nobody has written it down; or it is written down, and nobody takes it."""
    address = made(admin, database).location
    pages = (address, "/schedules", "/", "/live/connections")

    def said():
        return [(WAITS in page, "due next" in page.lower()) for page in (text(admin, path) for path in pages)]

    assert said() == [(False, True), *[(False, False)] * 3]
    past, ahead = clock.now() - timedelta(hours=2), clock.now() + timedelta(hours=2)
    with database.write() as session:
        session.execute(update(Schedule).values(next_at=past))
    assert said() == [(True, False)] * 4 and "not due yet" not in text(admin, address)
    assert 'data-title="(' in text(admin, "/live/connections")
    assert admin.post(address, do="send").status_code == 303
    with database.write() as session:
        session.execute(update(Schedule).values(next_at=ahead))
        session.execute(update(ScheduledSend).values(next_at=past))
    assert said() == [(True, True), *[(True, False)] * 3]
    with database.write() as session:
        session.execute(update(ScheduledSend).values(state="sent"))
    assert said() == [(False, True), *[(False, False)] * 3]


def test_it_is_changed_on_its_page_in_whole(admin, reader, database):
    address = made(admin, database, weekdays=["1", "5"], tell="boss@example.com").location
    page = text(admin, address)
    sent = fields_of(page) | {"do": "change"}
    assert sent["where"] == f"{OPS}, b@example.com" and sent["at"] == "07:00 19:30" and sent["weekdays"] == ["1", "5"]
    with database.read() as session:
        before = session.query(Schedule).one()
    assert admin.post(address, **sent).status_code == 303
    with database.read() as session:
        after = session.query(Schedule).one()
    kept = [one.name for one in Schedule.__table__.columns if one.name not in ("changed_at", "next_at")]
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept], (
        "nothing was written anew"
    )
    assert (
        admin.post(address, **sent | {"at": "06:30", "tz": "Europe/Kyiv", "where": "c@example.com"}).status_code == 303
    )
    page = text(reader, address)
    assert "at 06:30 <bdi>Europe/Kyiv</bdi>" in page and "c@example.com" in page and "Change it" not in page
    refused = admin.post(address, **sent | {"tz": "Mars/Base"})
    page = refused.get_data(as_text=True)
    assert refused.status_code == 422 and "tz: Not an IANA time zone" in page and 'value="Mars/Base"' in page
    assert "at 06:30 <bdi>Europe/Kyiv</bdi>" in page, "what holds is shown above"
    assert reader.post(address, **sent).status_code == 403
    assert admin.post(f"/schedules/{ids.new()}", **sent).status_code == 404


def fields_of(page):
    """What the form sends where nobody touches it."""
    form = page.partition('<form class="filters"')[2].partition("</form>")[0]
    found = dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', form))
    found |= {
        name: re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)', options)
        for name, options in re.findall(r'<select[^>]* name="(\w+)">(.*?)</select>', form, re.S)
    }
    found = {name: html.unescape(one if isinstance(one, str) else one[1] or one[2]) for name, one in found.items()}
    return found | {"weekdays": re.findall(r'name="weekdays" value="(\d)" checked', form)}


@pytest.mark.parametrize(
    ("given", "said"),
    [({"where": "nobody"}, "Not an address"), ({"at": "seven"}, "Must be a time"), ({"month_day": "x"}, "month_day")],
)
def test_what_cannot_be_is_said_and_what_was_written_stays(admin, database, given, said):
    answer = made(admin, database, **given)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and said in page
    assert next(iter(given.values())) in page


def test_what_went_wrong_stands_on_the_first_page_and_in_the_metrics(admin, nobody, database):
    at = made(admin, database).location
    assert "Due next" in text(admin, at) and metrics(nobody) == {"failed": 0, "sent": 0, "pending": 0, "trouble": 0}
    admin.post(at, do="send")
    old = clock.now() - timedelta(hours=1)
    for state, said in (("failed", "failed"), ("unknown", "nobody can tell"), ("pending", "was not taken yet")):
        settled = None if state == "pending" else old
        with database.write() as session:
            changed = {"state": state, "reason": "unavailable", "due_at": old, "settled_at": settled, "answer": HOSTILE}
            session.execute(update(ScheduledSend).values(changed))
        page = text(admin, "/")
        assert (
            f'href="{at}"' in page
            and f"</a>, tried at {old:%Y-%m-%d}" in page
            and said in page
            and "<script>alert" not in page
        )
        found = metrics(nobody)
        assert found["trouble"] == 1 and (found["failed"] == 1) == (state == "failed")
    assert gauge(nobody, "wrapup_schedule_overdue_seconds") >= 3600
    with database.write() as session:
        session.execute(update(ScheduledSend).values(state="sent", settled_at=old))
    assert "The schedule" not in text(admin, "/") and metrics(nobody)["trouble"] == 0
    assert gauge(nobody, "wrapup_schedule_overdue_seconds") == 0
    with database.write() as session:
        session.execute(update(Schedule).values(next_at=old))  # no worker runs
    assert gauge(nobody, "wrapup_schedule_overdue_seconds") >= 3600


def gauge(client, name):
    (line,) = [line for line in client.get("/metrics").text.splitlines() if line.startswith(f"{name} ")]
    return float(line.rpartition(" ")[2])


def metrics(client):
    own = {
        state: gauge(client, f'wrapup_scheduled_sends{{state="{state}"}}') for state in ("failed", "sent", "pending")
    }
    return own | {"trouble": gauge(client, "wrapup_schedules_in_trouble")}
