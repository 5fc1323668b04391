"""A person is erased at HubSpot: our calls are archived, the contact is gone for good; what is refused is for a person."""

from crm.base import Done, Whom
from crm.destination import NUMBER
from crm.erasing import BY_HAND, DONE, tell
from crm.hubspot import contacts, erasing
from tests.crm.hubspot.stage import call, stage


def told(database, account, records, made=()):
    return tell(database, {"sales": account.destination}, "sales", records, list(made))


def test_calls_are_archived_and_the_contact_is_gone_for_good(database):
    with stage() as account:
        contact = account.hubspot.add_contact(firstname="Asha", phone="+919810012345")
        other = account.hubspot.add_contact(firstname="Bharat", phone="+919820012345")
        (logged,) = account.log(call("m-1", contact))
        assert isinstance(logged, Done)
        said = told(database, account, [contact], [logged.remote_id])
        assert said == {"state": DONE, "said": None}
        assert account.hubspot.calls() == []
        assert [one["id"] for one in account.hubspot.contacts()] == [other]
        # A search comes upon nothing of it.
        assert contacts.find(account.client, [Whom(NUMBER, "+919810012345")]) == [[]]


def test_whoever_is_gone_already_is_done(database):
    with stage() as account:
        assert told(database, account, ["999"], ["888"])["state"] == DONE


def test_what_is_refused_is_said_and_left_to_a_person(database):
    with stage(token="revoked") as account:
        account.hubspot.tokens.clear()
        said = told(database, account, ["1"])
        assert said["state"] == BY_HAND and "refused the access token" in said["said"]


def test_a_destination_that_is_not_set_up_any_more_is_for_a_person(database):
    assert tell(database, {}, "gone", ["1"], [])["state"] == BY_HAND


def test_the_request_is_as_documented():
    with stage() as account:
        contact = account.hubspot.add_contact(firstname="Asha")
        (result,) = erasing.erase(account.client, [contact])
        assert result == Done(contact)
        assert account.asked("gdpr-delete") == 1
