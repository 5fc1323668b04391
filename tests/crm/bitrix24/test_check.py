"""``wrapup crm check``: each thing that is needed is there, or it is said what to do."""

import pytest

from crm.destination import Rule
from sandbox.bitrix24.account import RATING
from tests.crm.bitrix24.stage import stage
from tests.crm.checks import lines, wrong

SALE = Rule("flag", "sale", {"stageId": "CONVERTED"}, ("NEW", "IN_PROCESS"))


@pytest.mark.parametrize("webhook", [False, True])
def test_an_account_that_has_everything(webhook):
    with stage({"reference_field": "originId"}, webhook, status=(SALE,), owners={"asha": "2"}) as account:
        account.portal.add_user("asha@example.test")
        found = lines(account)
        assert not wrong(account)
        assert ("There is the telephony line wrapup" in found) is not webhook
        assert ("The statistics of calls can be read" in found) is not webhook
        assert "There is the user 2 (of asha)" in found
        assert "stageId has the options that are used" in found
        assert account.portal.calls() == []


def test_credentials_that_are_none_say_so_and_nothing_else_is_asked():
    with stage(webhook=True) as account:
        account.portal.webhook = "another"
        (found,) = wrong(account).items()
        assert found[0] == "The webhook is valid"
        assert "webhook_url" in found[1]
        assert "demo1secret" not in found[1]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("html", "not its JSON"),
        ("error_in_200", "an error in it"),
        ("huge", "larger than"),
        ("plan", "commercial plans"),
        ("scope_missing", "scope is missing"),
        ("wrong_auth_type", "of an app alone"),
        ("overload", "by hand"),
    ],
)
def test_an_answer_that_is_none_is_one_sentence(fault, said):
    with stage() as account:
        account.faults(**{fault: {}})
        (todo,) = wrong(account).values()
        assert said in todo


def test_the_line_is_made_where_that_is_wanted_and_one_that_makes_leads_is_told():
    with stage({"line_number": "outbound"}) as account:
        assert "--create-properties" in wrong(account)["There is the telephony line outbound"]
        assert wrong(account, repair=True) == {}
        assert account.portal.lines["outbound"] == "N"
        account.portal.lines["outbound"] = "Y"
        assert "CRM_AUTO_CREATE" in wrong(account)["The line outbound makes no leads by itself"]


def test_statistics_that_may_not_be_seen_are_told():
    with stage() as account:
        account.portal.sees_statistics = False
        (todo,) = wrong(account).values()
        assert "Call statistics, View" in todo


def test_an_option_that_the_account_lacks_a_field_that_nobody_has_and_users_that_are_none():
    rules = (Rule("flag", "sale", {"stageId": "NOSUCH"}, ("NEW",)), Rule("flag", "dnc", {"phone": "1", RATING: "44"}))
    settings = {"reference_field": "ufCrm_1"}
    with stage(settings, status=rules, owners={"asha": "9"}) as account:
        said = wrong(account)
        assert "CONVERTED (Won)" in said["stageId has the options NOSUCH"]
        assert RATING in said["Leads have the field phone"]
        assert "admin@example.test" in said["There is the user 9 (of asha)"]
        assert "originId" in said["Leads have the field ufCrm_1"]


def test_a_stage_of_another_pipeline_is_told():
    rules = (Rule("flag", "sale", {"stageId": "C5:WON"}),)
    with stage({"records": "deals", "category_id": 0}, status=rules) as account:
        assert "Name a stage of 0" in wrong(account)["The stage C5:WON is one of the pipeline 0"]
    mixed = (*rules, Rule("flag", "dnc", {"stageId": "LOSE"}))
    with stage({"records": "deals"}, status=mixed) as account:
        assert "category_id" in wrong(account)["The stages are of one pipeline"]
    said = (*rules, Rule("flag", "dnc", {"stageId": "LOSE", "categoryId": "0"}))
    with stage({"records": "deals"}, status=said) as account:
        assert wrong(account) == {}
