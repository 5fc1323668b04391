"""``wrapup crm check``: each thing that is needed is there, or it is said what to do."""

import pytest

from crm.destination import Rule
from tests.crm.checks import lines, wrong
from tests.crm.hubspot.stage import UNIQUE, stage

SALE = Rule("flag", "sale", {"hs_lead_status": "CONNECTED"}, ("NEW", "OPEN"))


def test_an_account_that_has_everything():
    with stage(status=(SALE,), owners={"asha": "9"}, settings={"dispositions": {"flag:sale": "Connected"}}) as account:
        account.hubspot.add_owner("asha@example.test", id="9")
        found = lines(account)
        assert not wrong(account)
        assert f"Calls have the unique property {UNIQUE}" in found
        assert "There is the owner 9 (of asha)" in found
        assert "The account has the disposition Connected (of flag:sale)" in found
        assert len(account.hubspot.calls()) == 0


def test_our_property_is_made_where_it_may_be():
    with stage(unique=None) as account:
        assert "--create-properties" in wrong(account)[f"Calls have the unique property {UNIQUE}"]
        assert not wrong(account, repair=True)
        assert account.hubspot.properties["calls"].get(UNIQUE).unique


def test_a_property_that_is_there_and_not_unique_cannot_be_mended():
    with stage(unique=None) as account:
        account.hubspot.add_property("calls", UNIQUE)
        assert "unique_property" in wrong(account, repair=True)[f"Calls have the unique property {UNIQUE}"]


def test_a_token_that_is_none_says_so_and_nothing_else_is_asked():
    with stage(token="nobodys") as account:
        assert len(lines(account)) == 1
        assert "access_token" in wrong(account)["The access token is valid"]
        assert account.turns.taken.total() == 2 * 2  # it is tried a second time


def test_scopes_are_named():
    with stage(status=(SALE,)) as account:
        token = account.client.secrets[0]
        account.hubspot.tokens[token] = ("oauth", "crm.objects.contacts.read")
        said = wrong(account)
        assert "The access token has the scope crm.schemas.contacts.read" in said
        assert "The access token has the scope crm.objects.contacts.write" in said
        assert any("crm.objects.owners.read" in todo for todo in said.values())


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        (Rule("flag", "sale", {"hs_lead_status": "HOT"}), "hs_lead_status has the options HOT"),
        (Rule("flag", "sale", {"hs_lead_status": "OPEN"}, ("COLD",)), "hs_lead_status has the options COLD"),
        (Rule("flag", "sale", {"lead_stat": "OPEN"}), "Contacts have the property lead_stat"),
        (Rule("flag", "sale", {"hs_object_id": "1"}), "Contacts' property hs_object_id can be set"),
    ],
)
def test_what_statuses_are_mapped_to_must_be_there(rule, what):
    with stage(status=(rule,)) as account:
        assert list(wrong(account)) == [what]


def test_owners_and_dispositions_that_are_not_there():
    with stage(owners={"asha": "77"}, settings={"dispositions": {"busy": "Engaged"}}) as account:
        account.hubspot.add_owner("asha@example.test", id="9")
        said = wrong(account)
        assert list(said) == [
            "The account has the disposition Engaged (of busy)",
            "There is the owner 77 (of asha)",
        ]
        assert "9 (asha@example.test)" in said["There is the owner 77 (of asha)"]


def test_what_fails_while_it_is_asked_is_a_line_and_the_others_go_on():
    with stage() as account:
        account.faults(server_error={"path": "/crm/properties"})
        assert list(wrong(account)) == ["HubSpot answers what is asked next"]
        assert "Contacts can be searched by number" in lines(account)
