"""Destinations and deliveries over HTTP: read, steered, refused; and what a scrape says of them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from crm import budgets
from crm.destination import Destination
from crm.registry import CRMS
from lib import clock, ids
from models import PortalBudget
from service.app import create_app
from tests.factories import NOON, delivery, destination
from tests.web.conftest import client_with, settings_for
from web.auth import API
from web.context import context
from web.scraped import Scraped

CONFIGURED = {
    "sales": Destination("sales", "hubspot", CRMS["hubspot"].settings().load({"access_token": "theirs"})),
    "new": Destination("new", "webhook"),
}
LISTED, DELIVERIES = f"{API}/destinations", f"{API}/deliveries"


@pytest.fixture
def app(database, database_url, tmp_path):
    app = create_app(replace(settings_for(database_url, tmp_path), destinations=CONFIGURED))
    context(app).scraped = Scraped(0.0)
    yield app
    context(app).database.close()


def make(database, **given):
    with database.write() as session:
        return str(delivery(session, **given).id)


@pytest.fixture
def started(database):
    with database.write() as session:
        destination(session)


def test_how_far_each_is(reader, database, started):
    make(database, state="held", reason="nobody_found")
    make(database)
    sales, new = reader.get(LISTED).json["destinations"]
    assert (sales["name"], sales["kind"], sales["state"]) == ("sales", "hubspot", "running")
    assert sales["lag"].startswith("All but 1 of 2 calls are in; 1 waits for a person.")
    assert (sales["waits_for_person"], sales["counts"]["held"], sales["behind"]) == (1, 1, 0)
    assert (sales["calls"], sales["calls_in"], sales["counted_seconds_ago"]) == (2, 1, 0)
    assert sales["reasons"] == [{"state": "held", "reason": "nobody_found", "deliveries": 1}]
    assert (new["state"], new["counts"], new["behind"], new["waits_for_person"]) == ("not_started", None, None, None)


def test_deliveries_are_listed_and_one_is_shown(reader, database, started):
    first = make(database, state="refused", reason="validation", answer="<b>No</b>")
    second = make(database)
    page = reader.get(f"{DELIVERIES}?limit=1").json
    assert [one["id"] for one in page["deliveries"]] == [second]
    rest = reader.get(f"{DELIVERIES}?limit=1&cursor={page['next']}").json
    assert ([one["id"] for one in rest["deliveries"]], rest["next"]) == ([first], None)
    found = reader.get(f"{DELIVERIES}?state=refused&state=held&reason=validation&destination=sales&operation=log_call")
    assert [one["answer"] for one in found.json["deliveries"]] == ["<b>No</b>"]
    one = reader.get(f"{DELIVERIES}/{first}").json
    assert one == found.json["deliveries"][0]
    assert reader.get(f"{DELIVERIES}?outcome={one['outcome_id']}").json["deliveries"] == [one]
    assert reader.get(f"{DELIVERIES}/{ids.new()}").status_code == 404


UNUSABLE = {
    "state=great": "state",
    "operation=x": "operation",
    "outcome=x": "outcome",
    "limit=1001": "limit",
    "cursor=x": "cursor",
    "kind=hubspot": "kind",
}


def test_a_filter_that_cannot_be_used_is_named(reader):
    for query, field in UNUSABLE.items():
        answer = reader.get(f"{DELIVERIES}?{query}")
        assert (answer.status_code, list(answer.json["details"])) == (422, [field])


def test_one_is_tried_again(admin, database, started):
    one = make(database, state="refused", reason="validation")
    answer = admin.post(f"{DELIVERIES}/{one}/retry")
    assert (answer.status_code, answer.json["delivery"]["state"]) == (200, "pending")
    assert answer.json["delivery"]["reason"] == "validation"
    assert admin.get(LISTED).json["destinations"][0]["counts"]["pending"] == 1
    assert admin.post(f"{DELIVERIES}/{ids.new()}/retry").status_code == 404


def test_what_is_done_is_not_tried_again(admin, database, started):
    answer = admin.post(f"{DELIVERIES}/{make(database)}/retry", json={})
    assert (answer.status_code, answer.json["error_id"]) == (409, "cannot_retry")
    assert "nothing to try again" in answer.json["message"]


def test_a_record_is_chosen(admin, database, started):
    one = make(database, state="held", reason="several_found", candidates=[{"id": "7", "name": "A", "url": None}])
    url = f"{DELIVERIES}/{one}/retry"
    wrong = admin.post(url, json={"record_id": "8"})
    assert (wrong.status_code, list(wrong.json["details"])) == (422, ["record_id"])
    chosen = admin.post(url, json={"record_id": "7"}).json["delivery"]
    assert (chosen["state"], chosen["record_id"], chosen["candidates"]) == ("pending", "7", None)
    again = admin.post(url, json={"record_id": "7"})
    assert (again.status_code, again.json["error_id"]) == (409, "cannot_retry")


def test_a_call_is_left_out(admin, reader, database, started):
    one = make(database, state="held", reason="nobody_found")
    url = f"{DELIVERIES}/{one}/leave-out"
    assert reader.post(url).status_code == 403
    left = admin.post(url).json["delivery"]
    assert (left["state"], left["reason"], left["candidates"]) == ("refused", "left_out", None)
    assert (admin.post(url).status_code, admin.post(f"{DELIVERIES}/{ids.new()}/leave-out").status_code) == (409, 404)
    assert admin.post(f"{DELIVERIES}/retry", json={"destination": "sales"}).json == {"retried": 0}


UNREADABLE = [
    ({"json": {"record": "7"}}, 422),
    ({"json": {"record_id": 7}}, 422),
    ({"json": {"record_id": ""}}, 422),
    ({"data": "record_id=7"}, 400),  # a choice that would be passed over
    ({"data": "{", "content_type": "application/json"}, 400),
]


def test_a_choice_that_cannot_be_read_changes_nothing(admin, database, started):
    one = make(database, state="held")
    for sent, status in UNREADABLE:
        assert admin.post(f"{DELIVERIES}/{one}/retry", **sent).status_code == status, sent
    assert admin.get(f"{DELIVERIES}/{one}").json["state"] == "held"


def test_many_are_tried_again(admin, database, started):
    for reason in ("validation", "validation", "other"):
        make(database, state="refused", reason=reason)
    order = {"destination": "sales", "state": "refused", "reason": "validation"}
    assert admin.post(f"{DELIVERIES}/retry", json=order).json == {"retried": 2}
    assert admin.post(f"{DELIVERIES}/retry", json={"operation": "log_call"}).json == {"retried": 1}
    for refused in ({}, {"state": "done"}, {"reason": ["a"]}, {"since": "2026-11-18"}):
        assert admin.post(f"{DELIVERIES}/retry", json=refused).status_code == 422


def test_pausing_and_resuming(admin, database, started):
    paused = admin.post(f"{LISTED}/sales/pause").json["destination"]
    assert (paused["state"], paused["paused_by"]) == ("paused", "admin")
    assert "by admin: nothing is sent." in paused["lag"]
    resumed = admin.post(f"{LISTED}/sales/resume").json["destination"]
    assert (resumed["state"], resumed["paused_at"], resumed["paused_by"]) == ("running", None, None)
    for act in ("pause", "resume"):
        assert admin.post(f"{LISTED}/nowhere/{act}").status_code == 404
        answer = admin.post(f"{LISTED}/new/{act}")
        assert (answer.status_code, answer.json["error_id"]) == (409, "not_started")


def test_only_admins_steer(app, database, started):
    one = make(database, state="refused")
    for scope in ("read", "leads"):
        client = client_with(app, database, scope)
        for url in (f"{DELIVERIES}/{one}/retry", f"{LISTED}/sales/pause", f"{LISTED}/sales/resume"):
            assert client.post(url).status_code == 403
        assert client.post(f"{DELIVERIES}/retry", json={"state": "refused"}).status_code == 403


def scraped(client, name) -> dict[str, float]:
    """Labels as they stand there -> value."""
    lines = client.get("/metrics").text.splitlines()
    found = [line.removeprefix(name).rsplit(" ", 1) for line in lines if line.startswith(f"{name}{{")]
    return {labels.strip("{}"): float(value) for labels, value in found}


def test_a_scrape_tells_of_them(nobody, database, started):
    with database.write() as session:
        destination(session, "gone", paused_at=NOON)
    make(database, destination="gone", state="pending")
    make(database)
    make(database, state="refused")
    make(database, state="refused", reason="nobody_found")
    make(database, state="refused", reason="left_out")
    told = scraped(nobody, "wrapup_deliveries")
    # No CRM has refused what was skipped: nobody is to be woken for it.
    assert [told[f'destination="sales",state="{state}"'] for state in ("refused", "skipped")] == [1, 2]
    assert scraped(nobody, "wrapup_destination_up") == {'destination="new"': 0, 'destination="sales"': 1}
    assert scraped(nobody, "wrapup_destination_behind") == {'destination="sales"': 0}
    ages = scraped(nobody, "wrapup_delivery_age_seconds")
    assert ages == {'destination="sales"': 0}
    make(database, state="pending")
    assert scraped(nobody, "wrapup_delivery_age_seconds")['destination="sales"'] > 0


def test_what_is_sent_nothing_any_more_is_neither_resumed_nor_tried_again(app, database):
    admin = client_with(app, database, "admin")
    with database.write() as session:
        destination(session, "gone")
        destination(session, "new", kind="hubspot")  # the settings say webhook
    for name, error_id in (("gone", "not_configured"), ("new", "other_kind")):
        one = make(database, destination=name, state="refused", reason="validation")
        for act in ("pause", "resume"):
            answer = admin.post(f"{LISTED}/{name}/{act}")
            assert (answer.status_code, answer.json["error_id"]) == (409, error_id)
            assert "nothing is sent there" in answer.json["message"]
        answer = admin.post(f"{DELIVERIES}/{one}/retry")
        assert (answer.status_code, answer.json["error_id"]) == (409, "cannot_retry")
        assert admin.post(f"{DELIVERIES}/retry", json={"destination": name}).json == {"retried": 0}
        assert admin.get(f"{DELIVERIES}/{one}").json["state"] == "refused"
    scraped = admin.get("/metrics").get_data(as_text=True)
    assert 'wrapup_delivery_age_seconds{destination="gone"}' not in scraped
    assert 'wrapup_destination_up{destination="new"} 0.0' in scraped


def test_resuming_after_a_spent_quota_asks_the_account_again(app, database):
    admin = client_with(app, database, "admin")
    own = {"access_token": "a-token-of-theirs"}
    sales = replace(CONFIGURED["sales"], settings=CRMS["hubspot"].settings().load(own))
    context(app).settings.destinations["sales"] = sales
    portal = CRMS["hubspot"].portal(sales)
    with database.write() as session:
        destination(
            session, error="The day is over.", error_id="quota_spent", parked_until=clock.now() + timedelta(hours=9)
        )
        budgets.spend(session, portal, clock.now() + timedelta(hours=9), clock.now())
    assert admin.get(LISTED).json["destinations"][0]["state"] == "parked"
    assert admin.post(f"{LISTED}/sales/resume").json["destination"]["state"] == "running"
    with database.read() as session:
        assert session.get(PortalBudget, (portal, budgets.DAY)).spent_until is None
    context(app).settings.destinations["sales"] = CONFIGURED["sales"]
