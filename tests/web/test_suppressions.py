"""Numbers that must not be called, over HTTP: put by JSON and CSV, listed with who said what, taken off with who and when."""

from dataclasses import replace

import pytest

from leads import send_due
from service.app import create_app
from tests import factories
from tests.dialers.qvoice.stage import stage as qvoice
from tests.evidence import RYNG, normalize, terminal
from tests.web.conftest import client_with, settings_for
from web.context import context

URL = "/api/v1/suppressions"
NUMBER, OTHER = "+919812345678", "+919812345679"


@pytest.fixture
def back_office(app, database):
    return client_with(app, database, "leads", "read")


def listed(client, query: str = "") -> list[dict]:
    answer = client.get(URL + query)
    assert answer.status_code == 200, answer.json
    return answer.json["suppressions"]


def test_numbers_are_put_and_listed_with_who_and_why_and_until_when(back_office):
    body = {"numbers": ["098123 45678", OTHER], "reason": "Asked for it", "until": "2190-01-01"}
    answer = back_office.post(URL, json=body)
    assert answer.status_code == 201, answer.json
    assert (answer.json["added"], answer.json["replaced"], answer.json["unchanged"]) == (2, 0, 0)
    assert [(one["number"], one["number_raw"], one["change"]) for one in answer.json["numbers"]] == [
        (NUMBER, "098123 45678", "added"),
        (OTHER, OTHER, "added"),
    ]
    (found,) = listed(back_office, "?number=09812345678")
    assert found.pop("added_at")
    assert found == {
        "id": answer.json["numbers"][0]["id"],
        "number": NUMBER,
        "number_raw": "098123 45678",
        "state": "standing",
        "reason": "Asked for it",
        "until": "2190-01-01T00:00:00Z",
        "source": "person",
        "outcome_id": None,
        "record_id": None,
        "added_by": "leads read",
        "taken_off_at": None,
        "taken_off_by": None,
    }


def test_a_dry_run_shows_what_would_change_and_changes_nothing(back_office):
    back_office.post(URL, json={"numbers": [NUMBER], "reason": "Asked for it"})
    body = {"numbers": [OTHER, NUMBER], "reason": "Moved away"}
    answer = back_office.post(URL + "?dry_run=true", json=body)
    assert (answer.status_code, answer.json["added"], answer.json["replaced"]) == (200, 1, 1)
    assert [one["id"] for one in answer.json["numbers"]] == [None, None]
    assert [one["reason"] for one in listed(back_office)] == ["Asked for it"]


def test_the_same_again_changes_nothing_and_something_else_is_a_row_of_its_own(back_office):
    for reason, change in (("Asked for it", "added"), ("Asked for it", "unchanged"), ("Moved away", "replaced")):
        answer = back_office.post(URL, json={"numbers": [NUMBER], "reason": reason})
        assert [one["change"] for one in answer.json["numbers"]] == [change]
    assert [(one["state"], one["reason"], one["taken_off_by"]) for one in listed(back_office)] == [
        ("standing", "Moved away", None),
        ("taken_off", "Asked for it", "leads read"),
    ]
    assert [one["reason"] for one in listed(back_office, "?state=standing&source=person")] == ["Moved away"]


@pytest.mark.parametrize("kind", ["text/csv", "text/csv; charset=utf-8"])
def test_a_file_has_a_reason_and_an_end_for_each(back_office, kind):
    data = f"number,reason,until\n{NUMBER},Asked for it,\n{OTHER},,2190-01-01\n"
    assert back_office.post(URL + "?dry_run=true", data=data, content_type=kind).json["added"] == 2
    answer = back_office.post(URL, data=data, content_type=kind)
    assert (answer.status_code, answer.json["added"]) == (201, 2)
    assert {one["number"]: (one["reason"], one["until"]) for one in listed(back_office)} == {
        NUMBER: ("Asked for it", None),
        OTHER: (None, "2190-01-01T00:00:00Z"),
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"numbers": [NUMBER, "12"]}, "numbers.2"),
        ({"numbers": [NUMBER], "until": "2020-01-01"}, "until"),
        ({"numbers": [NUMBER], "until": "soon"}, "until"),
        ({"numbers": [NUMBER], "reason": "x" * 501}, "reason"),
        ({"numbers": []}, "numbers"),
        ({"numbers": [{"number": NUMBER}]}, "numbers"),
        ({"reason": "Asked for it"}, "numbers"),
        ({"numbers": [NUMBER], "number": NUMBER}, "number"),
    ],
)
def test_what_cannot_be_read_is_named_and_nothing_is_put(back_office, body, field):
    answer = back_office.post(URL, json=body)
    assert (answer.status_code, list(answer.json["details"])) == (422, [field])
    assert listed(back_office) == []


def test_a_fault_of_a_file_is_named_by_its_row(back_office):
    data = f"number,until\n{NUMBER},\n12,\n{OTHER},soon\n"
    answer = back_office.post(URL, data=data, content_type="text/csv")
    assert (answer.status_code, list(answer.json["details"])) == (422, ["numbers.2.number", "numbers.3.until"])
    assert listed(back_office) == []


def test_a_body_that_is_no_json_is_a_400(back_office):
    assert back_office.post(URL, data="{", content_type="application/json").status_code == 400


@pytest.mark.parametrize("query", ["?connection=nobody", "?number=12", "?state=on", "?source=dialer", "?since=2026"])
def test_a_parameter_that_cannot_be_used_is_a_422(back_office, query):
    assert back_office.get(URL + query).status_code == 422


def test_one_is_taken_off_by_its_id_or_its_number_with_who_and_when(app, database, back_office):
    back_office.post(URL, json={"numbers": [NUMBER, OTHER], "reason": "Asked for it"})
    by_id = {one["number"]: one["id"] for one in listed(back_office)}
    chief = client_with(app, database, "leads")
    answer = chief.delete(f"{URL}/{by_id[NUMBER]}")
    assert (answer.status_code, answer.json["may_be_called"]) == (200, True)
    assert [(one["state"], one["taken_off_by"]) for one in answer.json["suppressions"]] == [("taken_off", "leads")]
    assert chief.delete(f"{URL}/09812345679").json["suppressions"][0]["id"] == by_id[OTHER]
    assert {one["state"] for one in listed(back_office)} == {"taken_off"}
    for gone in (NUMBER, "019a9f2e-3c1d-7b55-9f0a-5d2a7e0c4b11"):
        assert chief.delete(f"{URL}/{gone}").status_code == 404
    assert chief.delete(f"{URL}/12").status_code == 422


def test_who_may_read_may_not_put_or_take_off(app, database, back_office):
    back_office.post(URL, json={"numbers": [NUMBER]})
    reader, other = client_with(app, database, "read"), client_with(app, database, "leads")
    assert len(listed(reader)) == 1
    assert reader.post(URL, json={"numbers": [OTHER]}).status_code == 403
    assert reader.delete(f"{URL}/{NUMBER}").status_code == 403
    assert other.get(URL).status_code == 403


def test_paging_through_the_list(back_office):
    for at in range(5):
        back_office.post(URL, json={"numbers": [f"+9198123456{at:02d}"]})
    shown, following = [], ""
    while following is not None:
        page = back_office.get(f"{URL}?limit=2{following and '&cursor='}{following}").json
        shown += [one["number"] for one in page["suppressions"]]
        following = page["next"]
    assert shown == [f"+9198123456{at:02d}" for at in range(5)][::-1]
    assert back_office.get(f"{URL}?cursor=1").status_code == 422


def test_leads_that_dialers_have_already_are_listed_and_said_to_be_taken_out(app, database, back_office):
    with database.write() as session:
        row = factories.take_out(session)
    leads = "/api/v1/suppressed-leads"
    (found,) = back_office.get(f"{leads}?state=by_hand&connection=qvoice-main&number=%2B919800012345").json["leads"]
    assert (found["id"], found["dialer_id"], found["reason"]) == (str(row.id), "a1", "The information sent is invalid.")
    assert back_office.get(f"{leads}?state=pending").json == {"leads": [], "next": None}
    assert client_with(app, database, "read").post(f"{leads}/{row.id}/done").status_code == 403
    for _ in range(2):
        done = back_office.post(f"{leads}/{row.id}/done").json["lead"]
        assert (done["state"], done["settled_by"]) == ("done", "leads read")
    assert back_office.post(f"{leads}/019a9f2e-3c1d-7b55-9f0a-5d2a7e0c4b11/done").status_code == 404
    for wrong in ("state=sending", "number=12", "cursor=1"):
        assert back_office.get(f"{leads}?{wrong}").status_code == 422


def test_who_asks_one_dialer_not_to_be_called_is_not_called_by_another(database, database_url, tmp_path):
    """The whole way: an agent's disposition at Ryng, a list for QVoice, and somebody who takes the number off again."""
    with qvoice() as played:
        ryng = replace(RYNG, callback_tokens=("token-of-ryng",), dispositions={"Never again": ("contact", "dnc")})
        connections = {one.name: one for one in (ryng, played.connection)}
        app = create_app(replace(settings_for(database_url, tmp_path), connections=connections))
        agent, chief = client_with(app, database, "leads", "read"), client_with(app, database, "admin")
        body = terminal(disposition="Never again", customerNum=NUMBER)
        assert agent.post("/callbacks/ryng-main/token-of-ryng/terminal", json=body).status_code == 200
        normalize(database, connections)
        (call,) = agent.get("/api/v1/outcomes?flag=dnc").json["outcomes"]

        def load() -> tuple[dict, list[dict]]:
            url = f"/api/v1/campaigns/qvoice-main/{played.campaign}/leads"
            answer = agent.post(url, json={"leads": [{"number": NUMBER}, {"number": OTHER}]})
            while send_due(database, played.connection, {}):
                pass
            return answer.json, agent.get(f"/api/v1/loads/{answer.json['load_id']}").json["leads"]

        answer, leads = load()
        assert answer["suppressions"] == [{"row": 1, "number": NUMBER, "reason": "Suppressed: Never again"}]
        assert [(lead["state"], lead["reason"]) for lead in leads] == [
            ("rejected", "Suppressed: Never again"),
            ("accepted", None),
        ]
        assert played.taken() == [OTHER]

        assert chief.delete(f"{URL}/{NUMBER}").json["may_be_called"] is True
        (kept,) = listed(agent, f"?number=%2B{NUMBER[1:]}")
        assert (kept["state"], kept["source"], kept["outcome_id"]) == ("taken_off", "outcome", call["id"])
        assert (kept["added_by"], kept["taken_off_by"], kept["taken_off_at"] is None) == ("ryng-main", "admin", False)
        assert [lead["state"] for lead in load()[1]] == ["accepted", "accepted"]
        assert played.taken() == [OTHER, NUMBER, OTHER]
        context(app).database.close()
