"""Deciding words over HTTP, and on the page: who may, what is shown first, and that the settings file wins."""

import html
import re
from dataclasses import replace

import pytest

from lib import clock
from models import Decision
from outcomes import decisions
from outcomes.applying import apply_next
from service.app import create_app
from tests.evidence import RYNG, keep, normalize, outcomes, receipt, terminal
from tests.outcomes.test_decisions import LATER, SILENT
from tests.web.conftest import client_with, settings_for
from tests.web.pages.conftest import browser_with
from web.auth import API
from web.context import context

WORDS = f"{API}/connections/ryng-main/words"


@pytest.fixture
def app(database, database_url, tmp_path, monkeypatch):
    monkeypatch.setattr(decisions, "LOOK_SECONDS", 0.0)
    tabled = replace(RYNG, words={"77": "busy"})
    app = create_app(replace(settings_for(database_url, tmp_path), connections={RYNG.name: tabled}))
    yield app
    context(app).database.close()


@pytest.fixture
def calls(app, database):
    """Three calls with a disposition that nobody has decided, and one with a status of that kind."""
    keep(database, *(receipt(terminal(n, 100 + n, disposition="Möchte nicht <b>")) for n in range(3)))
    keep(database, receipt(terminal(9, 109, status="NO-FORWARD", **SILENT)))
    normalize(database, context(app).connections)


ORDER = {"field": "disposition", "word": "Möchte nicht <b>", "flags": ["contact", "not_interested"]}


def apply(app, database):
    while apply_next(database, context(app).connections, now=clock.now() + LATER):
        pass


def test_a_word_is_looked_at_decided_applied_and_withdrawn(admin, app, database, calls):
    listed = admin.get(WORDS).json
    assert [(seen["field"], seen["calls"]) for seen in listed["unmapped_words"]] == [
        ("disposition", 3),
        ("status_raw", 1),
    ]
    assert {one["word"]: one["source"] for one in listed["decided"]} == {
        "Interested": "file",
        "Call back later": "file",
        "77": "file",
    }

    looked = admin.put(WORDS, json=ORDER | {"dry_run": True})
    assert (looked.status_code, looked.json["calls"], looked.json["changed"]) == (200, 3, 3)
    change = {"field": "flags", "before": "none", "after": "contact not_interested"}
    assert change | {"outcomes": 3} in looked.json["changes"] and change in looked.json["examples"][0]["changes"]
    assert admin.get(WORDS).json["history"] == []

    made = admin.put(WORDS, json=ORDER)
    assert made.status_code == 202
    told = made.json["decision"]
    assert (told["flags"], told["decided_by"], told["state"]) == (["contact", "not_interested"], "admin", "waiting")
    assert [seen["word"] for seen in admin.get(WORDS).json["unmapped_words"]] == ["NO-FORWARD"]

    apply(app, database)
    (done,) = admin.get(WORDS).json["history"]
    assert (done["id"], done["state"], done["calls"], done["changed"]) == (told["id"], "done", 3, 3)
    assert admin.get(f"{API}/outcomes?flag=not_interested").json["outcomes"][0]["disposition"] == ORDER["word"]

    back = admin.put(WORDS, json={"field": "disposition", "word": ORDER["word"], "withdrawn": True})
    assert (back.status_code, back.json["decision"]["withdrawn"]) == (202, True)
    apply(app, database)
    assert [row.flags for row in outcomes(database)][:3] == [[], [], []]
    assert len(admin.get(WORDS).json["history"]) == 2


REFUSED = [
    ({"field": "status_raw", "word": "77", "outcome": "failed"}, 409, "decided_in_file"),
    ({"field": "disposition", "word": "interested", "flags": []}, 409, "decided_in_file"),
    ({"field": "disposition", "word": "interested", "flags": [], "dry_run": True}, 409, "decided_in_file"),
    ({"field": "disposition", "word": "x", "withdrawn": True}, 409, "nothing_to_withdraw"),
    ({"field": "disposition", "word": "x"}, 422, "invalid"),
    ({"field": "disposition", "word": "x", "flags": [], "dismissed": True}, 422, "invalid"),
    ({"field": "disposition", "word": "x", "outcome": "busy"}, 422, "invalid"),
    ({"field": "disposition", "word": "x", "flags": ["great"]}, 422, "invalid"),
    ({"field": "status_raw", "word": "x", "flags": ["sale"]}, 422, "invalid"),
    ({"field": "status_raw", "word": "x", "outcome": "dialed"}, 422, "invalid"),
    ({"field": "status_raw", "word": " - ", "outcome": "busy"}, 422, "invalid"),
    ({"field": "notes", "word": "x", "outcome": "busy"}, 422, "invalid"),
    ({"field": "event", "word": "x", "dismissed": False}, 422, "invalid"),
]


@pytest.mark.parametrize("order, status, error_id", REFUSED)
def test_what_is_refused(admin, order, status, error_id):
    answer = admin.put(WORDS, json=order)
    assert (answer.status_code, answer.json["error_id"]) == (status, error_id)
    assert admin.get(WORDS).json["history"] == []


@pytest.mark.parametrize("meaning", [{"outcome": "customer_answered"}, {"outcome": "busy"}, {"dismissed": True}])
def test_a_word_for_an_event_may_mean_what_happened(admin, meaning):
    assert admin.put(WORDS, json={"field": "event", "word": "x"} | meaning).status_code == 202


def test_only_admins_decide_and_everybody_with_a_key_reads(app, database, reader):
    assert reader.get(WORDS).status_code == 200
    assert reader.put(WORDS, json=ORDER).status_code == 403
    leads = client_with(app, database, "leads")
    assert leads.put(WORDS, json=ORDER).status_code == 403


def test_a_connection_that_is_not_configured(admin):
    path = f"{API}/connections/made-up/words"
    assert (admin.get(path).status_code, admin.put(path, json=ORDER).status_code) == (404, 404)


def test_every_process_picks_a_decision_up(admin, app, database, database_url, tmp_path, calls):
    other = create_app(context(app).settings)
    assert admin.put(WORDS, json=ORDER).status_code == 202
    assert context(other).connections["ryng-main"].flags("möchte NICHT <b>") == ["contact", "not_interested"]
    context(other).database.close()


# The page -------------------------------------------------------------------------------------------------------------
PAGE = "/connections/ryng-main"


@pytest.fixture
def operator(app, database):
    return browser_with(app, database, "admin")


def text(browser) -> str:
    return browser.get(PAGE).get_data(as_text=True)


def test_on_the_page_a_word_is_looked_at_and_decided(operator, app, database, calls):
    page = text(operator)
    assert html.escape(ORDER["word"]) in page and "<b>" not in page
    assert page.count("<summary>Decide</summary>") == 2

    fields = {"field": "disposition", "word": ORDER["word"], "flag": ["contact", "not_interested"]}
    looked = operator.post(f"{PAGE}/words", **fields, look="1")
    shown = looked.get_data(as_text=True)
    assert looked.status_code == 200
    assert "3 outcomes would change. Nothing was changed." in shown and "contact not_interested" in shown
    assert (
        re.findall(r'name="flag" value="(\w+)">', shown.split("Nothing was changed.")[1].split("</form>")[0])
        == fields["flag"]
    )
    assert "Words that were decided" in shown and database_is_untouched(database)

    done = operator.post(f"{PAGE}/words", **fields, decide="1")
    assert (done.status_code, done.location) == (303, f"{PAGE}#words-title")
    page = text(operator)
    assert "Decided: “Möchte nicht" in page and "Waits for a worker to read its calls again." in page
    apply(app, database)
    page = text(operator)
    assert "3 calls read again, 3 outcomes changed." in page and "contact, not interested" in page
    assert "Decided in the settings file, which wins." in page

    withdrawn = {"field": "disposition", "word": ORDER["word"], "withdraw": "1"}
    assert operator.post(f"{PAGE}/words", **withdrawn).status_code == 303
    apply(app, database)
    assert "withdrawn" in text(operator)


def database_is_untouched(database) -> bool:
    with database.read() as session:
        return session.query(Decision).count() == 0 and all(row.revision == 1 for row in outcomes(database))


def test_on_the_page_a_status_is_decided_or_dismissed(operator, app, database, calls):
    operator.get(PAGE)
    for outcome in ("canceled", "dismissed"):
        operator.post(f"{PAGE}/words", field="status_raw", word="NO-FORWARD", outcome=outcome, decide="1")
    apply(app, database)
    page = text(operator)
    assert "dismissed: it needs no meaning" in page
    assert outcomes(database)[-1].connect_outcome == "unknown"  # the later decision holds


def test_on_the_page_what_the_file_decides_is_refused_with_a_sentence(operator, database):
    operator.get(PAGE)
    assert (
        operator.post(f"{PAGE}/words", field="status_raw", word="77", outcome="failed", decide="1").status_code == 303
    )
    assert "the file wins: change it there" in text(operator)
    assert operator.post(f"{PAGE}/words", field="status_raw", word="8", outcome="", decide="1").status_code == 303
    assert "Nothing was decided. Must be one of" in text(operator)
    assert database_is_untouched(database)


def test_on_the_page_forms_need_the_scope_and_their_token(app, database, calls):
    looker = browser_with(app, database, "read")
    assert "<summary>Decide</summary>" not in text(looker)
    fields = {"field": "status_raw", "word": "NO-FORWARD", "outcome": "failed", "decide": "1"}
    assert looker.post(f"{PAGE}/words", **fields).status_code == 403
    operator = browser_with(app, database, "admin")
    assert operator.client.post(f"{PAGE}/words", data=fields).status_code == 403
    assert database_is_untouched(database)


def test_what_the_file_decides_and_calls_do_not_show_yet_is_told(operator, database):
    """The settings were changed, the past was not read again: nothing is undecided, and the figures say so all the same."""
    plain = replace(RYNG, dispositions={})
    keep(database, *(receipt(terminal(n, 100 + n, disposition=" interested")) for n in range(2)))
    normalize(database, {RYNG.name: plain})
    page = text(operator)
    assert "Decided in the settings file, which wins. 2 calls do not show it: read earlier" in page
    assert "2 calls more may belong here" in operator.get("/calls?flag=sale").get_data(as_text=True)


def test_a_decision_that_nobody_applies_is_told(operator, app, database, calls, monkeypatch):
    operator.get(PAGE)
    operator.post(f"{PAGE}/words", field="status_raw", word="NO-FORWARD", outcome="failed", decide="1")
    assert "Is a worker running?" not in text(operator)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + 30 * LATER)
    assert "A decision has been waiting for longer than two minutes. Is a worker running?" in text(operator)
