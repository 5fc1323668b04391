"""Leads into Power Dialer campaigns: what is sent, what is refused before, and what Ringostat's answers mean."""

import pytest

from dialers.giving import Lead, Order, Pace, Refused, Verdict
from dialers.registry import DIALERS
from dialers.ringostat.api import Client
from dialers.ringostat.leads import LEADS, _verdict
from leads import send_due
from leads.checking import check_options
from leads.loading import Loading
from leads.loads import shown as load_shown
from lib.http.errors import CredentialsRefused, Uncertain
from lib.http.exchange import Answer
from tests.dialers.ringostat.stage import account, stage

NUMBER = "+380930000000"


def lead(**given) -> Lead:
    return Lead(NUMBER, NUMBER, "mark", **given)


def order(campaign="456", **given) -> Order:
    return Order(campaign, None, {}, [lead(**given)], "key")


def body(connection=None, **given) -> dict:
    return LEADS.shown(connection or account(), order(**given))["body"]


def test_what_is_sent_is_what_is_shown():
    shown = LEADS.shown(account(), order(name="Ivan Petrenko"))
    row = {"campaignId": 456, "fio": "Ivan Petrenko", "phone_number": "380930000000"}
    assert shown == {"method": "POST", "path": "/power-dialer/campaigns/campaign-rows", "body": row}
    with stage() as played:
        sent = LEADS.send(played.client, played.connection, order(name="Ivan Petrenko"))
        assert sent.verdicts == [Verdict()]
        assert played.ringostat.project.rows == [row]


def test_names_and_numbers_as_ringostat_takes_them():
    assert body(first_name="Ivan", last_name="Petrenko")["fio"] == "Ivan Petrenko"
    assert body(last_name="Petrenko")["fio"] == "Petrenko"
    assert body()["fio"] == ""
    assert body(account(phone_plus=True))["phone_number"] == NUMBER


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"priority": 0}, "priority"),
        ({"timezone": "Europe/Kyiv"}, "timezone"),
        ({"agents": ("olena",)}, "agents"),
        ({"note": "Prefers mornings"}, "note"),
        ({"fields": {"Lead ID": "7"}}, "fields"),
        ({"options": {"department": "Sales"}}, "options"),
    ],
)
def test_what_a_row_has_no_place_for_is_refused(given, named):
    with pytest.raises(Refused, match=named) as refused:
        LEADS.check(account(), "456", lead(**given), {})
    assert refused.value.field == named


def test_a_name_and_a_reference_are_no_reason_to_refuse():
    LEADS.check(account(), "456", lead(name="Ivan", first_name="Ivan", reference="crm-1"), {})


@pytest.mark.parametrize("campaign", [None, "", "renewals", "4.5", "-1", "٤", "9" * 40])
def test_a_campaign_is_a_whole_number(campaign):
    with pytest.raises(Refused) as refused:
        LEADS.check(account(), campaign, lead(), {})
    assert refused.value.field == "campaign"


def test_a_load_has_no_options():
    with pytest.raises(Refused):
        check_options(account(), {"department": "Sales"})


def test_what_it_offers():
    assert DIALERS["ringostat"].offers == ["callbacks", "reports", "leads"]
    assert LEADS.pace(account(requests_per_minute=30)) == Pace(30, 60.0)
    assert (LEADS.most, LEADS.most_new, LEADS.knows_keys) == (1, None, False)


# Answers --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "said", "verdict"),
    [
        (200, b'{"result": true}', Verdict()),
        (200, b'{"result": false}', Verdict("rejected", "Ringostat refused it and gave no reason.")),
        (200, b'{"result": false, "error": "Campaign not found"}', Verdict("rejected", "Campaign not found")),
        (200, b'{"error": {"message": "No such row"}}', Verdict("rejected", "No such row")),
        (422, b'{"errors": ["phone_number is wrong"]}', Verdict("rejected", "phone_number is wrong")),
        (400, b'{"message": "key s3cret is odd"}', Verdict("rejected", "key *** is odd")),
    ],
)
def test_an_answer_is_a_verdict(status, said, verdict):
    assert _verdict(Answer(status, {}, said), "api.example.test", "s3cret") == verdict


@pytest.mark.parametrize("said", [b"", b"{", b"[]", b"{}", b'{"result": "true"}', b'{"result": 1}', b"true"])
def test_what_the_documentation_does_not_show_proves_nothing(said):
    with pytest.raises(Uncertain):
        _verdict(Answer(200, {}, said), "api.example.test", "s3cret")


def test_a_project_of_somebody_else():
    with stage(project_id="999") as played, pytest.raises(CredentialsRefused):
        LEADS.send(Client(played.connection), played.connection, order())


def test_a_campaign_that_is_not_there_rejects_each_lead_with_the_reason(database):
    with stage() as played:
        rows = enumerate(({"number": f"+38093000000{number}"} for number in range(3)), 1)
        load_id = Loading(played.connection, "999", rows).keep(database)
        while send_due(database, played.connection, {}):
            pass
        with database.read() as session:
            found = load_shown(session, {}, load_id)
        assert {(one["state"], one["reason"]) for one in found["leads"]} == {("rejected", "Campaign not found")}
        assert played.taken() == []


def test_the_ledger_has_each_lead_of_a_load_once(database):
    with stage() as played:
        rows = [{"number": f"+38093000{number:04d}", "name": f"Lead {number}"} for number in range(20)]
        load_id = Loading(played.connection, "457", enumerate(rows, 1)).keep(database)
        while send_due(database, played.connection, {}):
            pass
        with database.read() as session:
            found = load_shown(session, {}, load_id)
        assert {(one["state"], one["dialer_id"]) for one in found["leads"]} == {("accepted", None)}
        taken = [(row["campaignId"], "+" + row["phone_number"], row["fio"]) for row in played.ringostat.project.rows]
        assert taken == [(457, row["number"], row["name"]) for row in rows]
