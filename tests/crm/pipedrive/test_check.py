"""``wrapup crm check``: each thing that is needed is there, or it is said what to do."""

import pytest

from crm.destination import Rule
from sandbox.pipedrive.account import STATUS_FIELD
from tests.crm.checks import lines, wrong
from tests.crm.pipedrive.stage import stage

SALE = Rule("flag", "sale", {STATUS_FIELD: "3"}, ("1", "2"))


def test_an_account_that_has_everything():
    with stage(status=(SALE,), owners={"asha": "2"}, settings={"outcomes": {"unknown": "no_answer"}}) as account:
        account.pipedrive.add_user("asha@example.test")
        found = lines(account)
        assert not wrong(account)
        assert "There is the user 2 (of asha)" in found
        assert f"{STATUS_FIELD} has the options that are used" in found
        assert any("unknown is no_answer" in what for what in found)
        assert any("of the day's 30000 tokens are left" in what for what in found)
        assert account.pipedrive.calls() == []


def test_a_token_that_is_none_says_so_and_nothing_else_is_asked():
    with stage(token="nobodys") as account:
        assert len(lines(account)) == 1
        assert "api_token" in wrong(account)["The token is valid"]


@pytest.mark.parametrize(
    ("fault", "said"), [("html", "not JSON"), ("error_in_200", "an error in it"), ("huge", "larger than")]
)
def test_an_answer_that_is_none_is_one_sentence(fault, said):
    with stage() as account:
        account.faults(**{fault: {}})
        (todo,) = wrong(account).values()
        assert said in todo


def test_an_option_that_the_account_lacks_and_a_field_that_nobody_has():
    rules = (Rule("flag", "sale", {STATUS_FIELD: "99"}, ("1",)), Rule("flag", "dnc", {"phone": "1"}))
    with stage(status=rules) as account:
        said = wrong(account)
        assert "3 (Reached)" in said[f"{STATUS_FIELD} has the options 99"]
        assert STATUS_FIELD in said["Persons have the field phone"]


def test_a_label_is_named_by_its_id():
    with stage({"records": "leads"}, status=(Rule("flag", "sale", {"label_ids": "Hot"}),)) as account:
        (todo,) = wrong(account).values()
        assert ("(Hot)" in todo, "The id is needed" in todo) == (True, True)


def test_stages_of_another_pipeline_are_told():
    first, second = (Rule("flag", flag, {"stage_id": stage_}) for flag, stage_ in (("sale", "3"), ("dnc", "7")))
    with stage({"records": "deals"}, status=(first, second)) as account:
        assert "pipelines 1, 2" in wrong(account)["The stages are of one pipeline"]
    with stage({"records": "deals", "pipeline_id": 2}, status=(first,)) as account:
        assert "one of the pipeline 1" in wrong(account)["The stage 3 is one of the pipeline 2"]
    with stage({"records": "deals"}, status=(Rule("flag", "sale", {"stage_id": "44"}),)) as account:
        assert "There is no 44" in wrong(account)["There are the stages 44"]
    with stage({"records": "deals", "pipeline_id": 1}, status=(first,)) as account:
        assert not wrong(account)


def test_owners_need_a_token_that_may_log_calls_of_others():
    with stage(token="small", owners={"asha": "1", "dev": "77"}) as account:
        small = account.pipedrive.add_user("small@example.test", admin=False)
        account.pipedrive.tokens["small"] = int(small)
        said = wrong(account)
        assert "leave owners out" in said["Calls are logged for the token's own user alone"]
        assert "small@example.test" in said["There is the user 77 (of dev)"]


def test_tokens_that_are_left_to_others_are_told():
    with stage({"keep_tokens_percent": 90}) as account:
        account.pipedrive.limits.tokens = 100
        assert any("keep_tokens_percent" in todo for todo in wrong(account).values())


def test_a_reference_field_is_a_custom_one():
    with stage({"reference_field": "name"}) as account:
        assert STATUS_FIELD in wrong(account)["There is the custom field name"]
