"""``wrapup crm check`` of a Zoho destination, and its settings."""

import pytest
from marshmallow import ValidationError

from crm.destination import Rule
from crm.zoho import Settings
from crm.zoho.check import check
from tests.crm.checks import wrong
from tests.crm.zoho.stage import stage

SALE = Rule("flag", "sale", {"Lead_Status": "Contacted"}, ("Not Contacted",))


def test_an_account_that_has_everything():
    with stage(status=(SALE,), never_back={"Lead_Status": ("Not Contacted", "Contacted")}) as account:
        said = list(check(account.client, account.destination, False))
        assert [one for one in said if not one.fine] == []
        assert said[0].what == "The tokens are valid, of the account 60001 (Acme, com)"
        assert account.zoho.calls() == []
        assert {verb.split()[0] for verb in account.zoho.requests if "oauth" not in verb} == {"GET"}


def test_our_field_is_made_where_it_is_wanted():
    with stage(unique=None) as account:
        (what,) = wrong(account)
        assert what == "Calls have the unique field Wrapup_Outcome_Id"
        assert wrong(account, repair=True) == {}
        assert account.zoho.fields["Calls"]["Wrapup_Outcome_Id"]["unique"]


def test_a_field_that_cannot_be_made_is_told_in_zohos_words():
    with stage({"unique_field": "Subject_"}, unique=None) as account:
        account.zoho.fields["Calls"]["Subject_"] = account.zoho.fields["Calls"].pop("Subject") | {"api_name": "Other"}
        assert "DUPLICATE_DATA: duplicate data" in str(wrong(account, repair=True))


def test_a_field_that_takes_duplicates_is_told():
    with stage(unique=None) as account:
        account.zoho.add_field("Calls", "Wrapup_Outcome_Id", "text")
        assert "takes duplicates" in wrong(account)["Calls have the unique field Wrapup_Outcome_Id"]


@pytest.mark.parametrize(
    ("given", "more", "said"),
    [
        ({"data_center": "eu"}, {}, "data_center"),
        ({"results": {"flag:sale": "Sold"}}, {}, "Sold"),
        ({"reference_field": "Dialer_Id"}, {}, "Leads have the field Dialer_Id"),
        ({}, {"owners": {"asha": "17"}}, "the user 17"),
        ({}, {"status": (Rule("flag", "sale", {"Lead_Status": "Sold"}),)}, "Lead_Status of Leads has the options Sold"),
        ({}, {"status": (Rule("flag", "sale", {"Stage": "Sold"}),)}, "have the field Stage"),
        ({}, {"status": (Rule("flag", "sale", {"Full_Name": "Sold"}),)}, "Full_Name can be set"),
        ({}, {"status": (Rule("flag", "sale", {"No_of_Employees": "x"}),)}, "No_of_Employees can be x"),
    ],
)
def test_each_thing_that_is_missing_is_a_sentence_with_what_to_do(given, more, said):
    with stage(given, **more) as account:
        lines = wrong(account)  # of some for leads and for contacts
        what = next(iter(lines))
        assert said in what
        assert all(lines.values())


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ({"token_revoked": {}}, "refused the access token"),
        ({"scope_missing": {"path": "settings"}}, "OAUTH_SCOPE_MISMATCH"),
        ({"html": {"path": "/org"}}, "something that is not Zoho's"),
        ({"error_in_200": {"path": "users"}}, "an error in it"),
        ({"huge": {"path": "users", "value": 3}}, "larger than 1 MiB"),
        ({"permission_denied": {"path": "/Calls"}}, "permission denied"),
    ],
)
def test_what_keeps_zoho_from_being_asked_is_told(faults, said):
    with stage() as account:
        account.faults(**faults)
        assert any(said in todo for todo in wrong(account).values())


def test_credits_are_told_where_zoho_tells_them():
    with stage({"keep_credits": 1_000}) as account:
        account.zoho.limits.lifted, account.zoho.limits.credits = False, 900
        for _ in range(455):
            account.zoho.limits.take()
        assert any("credits are left" in what for what in wrong(account))


# Settings -------------------------------------------------------------------------------------------------------------
APP = {"client_id": "1000.A", "client_secret": "b", "refresh_token": "1000.c"}


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ({"client_id": None}, "client_id"),
        ({"data_center": "uk"}, "data_center"),
        ({"records": []}, "records"),
        ({"records": ["leads", "leads"]}, "records"),
        ({"records": ["deals"]}, "records"),
        ({"unique_field": "Wrapup Outcome"}, "unique_field"),
        ({"triggers": ["all"]}, "triggers"),
        ({"duration_format": "seconds"}, "duration_format"),
        ({"access_token": "x"}, "access_token"),
    ],
)
def test_settings_that_cannot_be(given, at):
    with pytest.raises(ValidationError) as told:
        Settings().load({**APP, **given})
    assert list(told.value.messages) == [at]


def test_settings_that_are_left_out():
    own = Settings().load(APP)
    assert (own["data_center"], own["records"], own["unique_field"]) == (
        "com",
        ["leads", "contacts"],
        "Wrapup_Outcome_Id",
    )
    assert (own["triggers"], own["keep_credits"], own["unknown_direction"]) == ([], 0, "Outbound")
