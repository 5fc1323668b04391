"""Schedules over HTTP: made, changed, steered, tried, repeated; refused with the field at fault."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import update

from lib import ids
from models import ScheduledSend, View
from schedules.settings import Settings
from service.app import create_app
from tests.factories import outcome
from tests.schedules.rig import OPS, Engine, bucket_of, mail_of, mailbox, view
from tests.web.conftest import settings_for
from web.auth import API
from web.context import context

URL = f"{API}/schedules"


@pytest.fixture
def app(database, database_url, tmp_path):
    own = Settings(mail_of(9), Path("/srv/out"), {"lake": bucket_of("http://127.0.0.1:9")}, OPS)
    app = create_app(replace(settings_for(database_url, tmp_path), schedules=own))
    yield app
    context(app).database.close()


@pytest.fixture
def order(database):
    return {"name": "Daily", "view_id": str(view(database).id), "to": [OPS], "at": ["07:00"], "tz": "Asia/Kolkata"}


def test_made_shown_changed_and_deleted(admin, reader, order, database):
    made = admin.post(URL, json=order)
    assert made.status_code == 201
    one = made.json["schedule"]
    assert (one["to"], one["folder"], one["bucket"], one["format"], one["state"]) == (
        [OPS],
        None,
        None,
        "csv",
        "running",
    )
    assert one["next_at"].endswith("T01:30:00Z") and (one["view"], one["last"]) == ("All calls", None)
    assert reader.get(URL).json["schedules"] == [one] and reader.get(f"{URL}/{one['id']}").json["schedule"] == one
    with database.write() as session:
        session.execute(update(View).values(owner="somebody"))  # whose view's name is nobody else's but admins'
    hidden = one | {"view": None}
    assert reader.get(URL).json["schedules"] == [hidden] and reader.get(f"{URL}/{one['id']}").json["schedule"] == hidden
    assert admin.get(URL).json["schedules"] == [one] and admin.get(f"{URL}/{one['id']}").json["schedule"] == one
    with database.write() as session:
        session.execute(update(View).values(owner="read"))
    assert reader.get(URL).json["schedules"] == [one]
    other = {**order, "name": "Weekly", "folder": "weekly", "at": ["19:00", "06:30"], "weekdays": [1], "tz": "UTC"}
    del other["to"]
    changed = admin.put(f"{URL}/{one['id']}", json=other).json["schedule"]
    assert (changed["to"], changed["folder"], changed["at"]) == (None, "weekly", ["06:30", "19:00"])
    assert admin.delete(f"{URL}/{one['id']}").json == {"removed": one["id"]}
    assert reader.get(f"{URL}/{one['id']}").status_code == admin.delete(f"{URL}/{one['id']}").status_code == 404


WRONG = [
    ("view_id", {"view_id": str(ids.new())}),
    ("tz", {"tz": "Mars/Olympus"}),
    ("to", {"to": ["nobody"]}),
    ("to", {"to": ["a@example.com\nBcc: b@example.com"]}),
    ("to", {"to": None, "at": ["07:00"]}),
    ("to", {"folder": "daily"}),  # two ways at once
    ("at", {"at": ["7 o'clock"]}),
    ("at", {"at": []}),
    ("weekdays", {"weekdays": [8]}),
    ("month_day", {"weekdays": [1], "month_day": 3}),
    ("folder", {"to": ..., "folder": "../out"}),
    ("folder", {"to": ..., "folder": "a/.hidden"}),
    ("bucket", {"to": ..., "bucket": "pond/daily"}),
    ("name", {"name": "two\nlines"}),
    ("tell", {"tell": "nobody"}),
]


def test_nobody_is_to_be_told_where_no_mail_can_be_sent(admin, order, app):
    own = context(app)
    own.settings = replace(own.settings, schedules=replace(own.settings.schedules, mail=None))
    kept = {name: value for name, value in order.items() if name != "to"} | {"folder": "daily"}
    assert [*admin.post(URL, json=kept | {"tell": OPS}).json["details"]] == ["tell"]
    assert admin.post(URL, json=kept).status_code == 201


def test_what_cannot_work_is_refused(admin, order):
    for field, given in WRONG:
        sent = {name: value for name, value in (order | given).items() if value is not ...}
        answer = admin.post(URL, json=sent)
        assert (answer.status_code, [*answer.json["details"]]) == (422, [field]), given
    assert admin.post(URL, json=order).status_code == 201
    assert [*admin.post(URL, json=order).json["details"]] == ["name"]  # there is one of that name


def test_paused_resumed_tried_and_repeated(admin, database, order):
    one = admin.post(URL, json=order).json["schedule"]
    url = f"{URL}/{one['id']}"
    assert admin.post(f"{url}/pause").json["schedule"]["next_at"] is None
    assert admin.post(f"{url}/resume").json["schedule"]["next_at"] == one["next_at"]
    tried = admin.post(f"{url}/send")
    assert (tried.status_code, tried.json["send"]["state"], tried.json["send"]["trial"]) == (202, "pending", True)
    again = f"{API}/scheduled-sends/{tried.json['send']['id']}/repeat"
    refused = admin.post(again)
    assert (refused.status_code, refused.json["error_id"]) == (409, "cannot_repeat")
    with database.write() as session:
        session.execute(update(ScheduledSend).values(state="unknown", answer="Nobody knows."))
    assert [send["answer"] for send in admin.get(f"{url}/sends?state=unknown").json["sends"]] == ["Nobody knows."]
    assert admin.post(again).json["send"]["state"] == "pending"
    assert admin.get(f"{url}/sends?state=unknown").json == {"sends": [], "next": None}
    assert admin.post(f"{API}/scheduled-sends/{ids.new()}/repeat").status_code == 404


def test_why_a_view_is_broken_is_told_to_those_alone_who_may_see_it(admin, reader, order, database):
    one = admin.post(URL, json=order).json["schedule"]
    send = ids.parse(admin.post(f"{URL}/{one['id']}/send").json["send"]["id"])
    why = "The view cannot be asked as it is: The connection secret-campaign is not in the settings (any more)."
    with database.write() as session:
        failed = {"state": "failed", "reason": "view_broken", "answer": why}
        session.execute(update(ScheduledSend).where(ScheduledSend.id == send).values(failed))
        session.execute(update(View).values(owner="somebody"))

    def told(client):
        listed = [found["last"] for found in client.get(URL).json["schedules"]]
        listed += client.get(f"{URL}/{one['id']}/sends").json["sends"]
        return {found["answer"] for found in (*listed, client.get(f"{URL}/{one['id']}").json["schedule"]["last"])}

    assert told(admin) == {why}
    assert told(reader) == {"The view cannot be asked as it is; its own page says why to those who may see it."}
    with database.write() as session:
        session.execute(update(View).values(owner="read"))
    assert told(reader) == {why}


def test_sends_come_in_pages(admin, order):
    url = f"{URL}/{admin.post(URL, json=order).json['schedule']['id']}"
    for _ in range(3):
        admin.post(f"{url}/send")
    page = admin.get(f"{url}/sends?limit=2").json
    rest = admin.get(f"{url}/sends?limit=2&cursor={page['next']}").json
    assert len({send["id"] for send in page["sends"] + rest["sends"]}) == 3 and rest["next"] is None
    assert admin.get(f"{url}/sends?cursor=x").status_code == 422


def test_a_view_that_is_sent_is_not_deleted(admin, order):
    one = admin.post(URL, json=order).json["schedule"]
    assert admin.delete(f"{API}/views/{order['view_id']}").status_code == 409
    admin.delete(f"{URL}/{one['id']}")
    assert admin.delete(f"{API}/views/{order['view_id']}").status_code < 300


def test_only_admins_steer(reader, admin, order):
    url = f"{URL}/{admin.post(URL, json=order).json['schedule']['id']}"
    calls = [reader.post(URL, json=order), reader.put(url, json=order), reader.delete(url)]
    calls += [reader.post(f"{url}/{act}") for act in ("pause", "resume", "send")]
    assert {answer.status_code for answer in calls} == {403}


OF_CALLS = {"kind": "outcomes", "report": None, "query": {"columns": ["started_at,customer_number,flags,talk_seconds"]}}


@pytest.mark.parametrize("asked", [{}, OF_CALLS], ids=["report", "outcomes"])
def test_the_mail_says_what_its_link_says(admin, database, tmp_path, asked):
    with database.write() as session:
        for number in range(3):
            outcome(session, campaign_name=f"Campaign {number % 2}", flags=["contact", "sale"][:number])
    of = view(database, **asked)
    answer = admin.post(f"{API}/export-links", json={"view_id": str(of.id), "name": "For Excel"})
    link = urlsplit(answer.json["urls"]["csv"]).path
    with mailbox() as box:
        engine = Engine(database, tmp_path, Settings(mail_of(box.port)))
        engine.schedule(of)
        engine.later(hours=7)
        engine.run()
        ((_, mail),) = box.taken
    (attached,) = mail.iter_attachments()
    # JSON in a cell, as SQLite writes it.
    said = admin.get(link, headers={}).get_data(as_text=True).replace('"", ""', '"",""')
    assert attached.get_content().splitlines() == said.splitlines() and len(said.splitlines()) >= 3
