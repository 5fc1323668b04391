"""What a destination's table may say of HubSpot."""

import pytest
from marshmallow import ValidationError

from crm.destination import Destination
from crm.hubspot import CRM, Settings
from tests.crm.hubspot.stage import ASHA, call, stage


@pytest.mark.parametrize(
    "given",
    [{}, {"access_token": ""}, {"access_token": "two words"}, {"access_token": "ü"}]
    + [
        {"access_token": "t", name: value}
        for name, value in {"unique_property": "My Id", "api_url": "hubspot", "ca_file": "/nowhere.pem"}.items()
    ],
)
def test_what_cannot_be_is_refused(given):
    with pytest.raises(ValidationError):
        Settings().load(given)


def test_destinations_with_one_token_share_its_limits_and_nobody_sees_it():
    one, same, other = (
        Destination(name, "hubspot", Settings().load({"access_token": token}))
        for name, token in (("a", "first-token"), ("b", "first-token"), ("c", "another"))
    )
    assert CRM.portal(one) == CRM.portal(same) != CRM.portal(other)
    assert "first" not in CRM.portal(one)
    assert CRM.secrets(one) == ("first-token",)
    assert CRM.limits(one)["searches"].requests == 4


def test_people_look_where_the_table_says():
    with stage(settings={"app_url": "https://crm.example.test/"}) as account:
        contact = account.hubspot.add_contact(phone=ASHA)
        (result,) = account.log(call("m1", contact))
        assert result.remote_url == f"https://crm.example.test/contacts/45678901/record/0-48/{result.remote_id}"
