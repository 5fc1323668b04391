"""Commands to JAICP's campaigns, and single writes, over real HTTP."""

import pytest

from dialers.giving import Refused
from dialers.jaicp.leads import ACTS, CONTROL
from lib.http.errors import AskedWrongly, Unavailable, Uncertain
from tests.dialers.jaicp.account import TOKENS, account


@pytest.mark.parametrize(
    ("command", "status"), [("pause", "paused"), ("resume", "inProcess"), ("start", "inProcess"), ("stop", "finished")]
)
def test_commands_to_a_campaign(dialer, command, status):
    CONTROL.run(dialer.client, dialer.connection, "renewals", CONTROL.commands[command])
    assert dialer.jaicp.info("renewals")["status"] == status
    assert dialer.asked == [f"POST /control/{command} 200"]


def test_a_command_to_a_campaign_that_is_not_configured(dialer):
    with pytest.raises(Refused):
        CONTROL.run(dialer.client, dialer.connection, "unknown", "pause")
    dialer.fault(html={})
    with pytest.raises(Uncertain, match="web page"):
        CONTROL.run(dialer.client, dialer.connection, "renewals", "pause")


def act(dialer, name, **given):
    offered = ACTS[name]
    return offered.run(dialer.client, dialer.connection, offered.given().load(given))


def test_a_job_is_cancelled(dialer):
    first, second = dialer.add(2)
    assert act(dialer, "cancel_call", call=f"renewals:{first}") == [int(first)]
    assert act(dialer, "cancel_call", call=f"renewals/{second}") == [int(second)]
    assert act(dialer, "cancel_call", call=f"renewals:{first}") == []  # it was already
    assert {row["jobStatus"] for row in dialer.jaicp.rows("renewals", [int(first), int(second)], [])} == {"canceled"}


@pytest.mark.parametrize("call", ["120001", "unknown:120001", "renewals:", ":120001"])
def test_a_job_needs_its_campaign_where_there_are_several(dialer, call):
    with pytest.raises(Refused) as caught:
        act(dialer, "cancel_call", call=call)
    assert caught.value.field == "call"


def test_a_job_alone_is_enough_where_there_is_one_campaign():
    with account({"campaigns": {"renewals": TOKENS["renewals"]}}) as dialer:
        (job,) = dialer.add(1)
        assert act(dialer, "cancel_call", call=job) == [int(job)]


def test_a_campaign_is_shown(dialer):
    dialer.add(3)
    found = act(dialer, "show_campaign", campaign="renewals")
    assert (found["name"], found["shortReport"]["totalNumbers"]) == ("renewals", 3)
    dialer.fault(server_error={})
    with pytest.raises(Unavailable):
        act(dialer, "show_campaign", campaign="renewals")


def test_a_refusal_without_a_reason(dialer):
    with pytest.raises(AskedWrongly):
        dialer.client.give("renewals", "DELETE", "/addPhones")
