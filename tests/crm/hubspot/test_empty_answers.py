"""A 200 with an object that says nothing, as something before HubSpot may give: it proves nothing of anybody."""

import pytest
from flask import Flask, jsonify

from crm.base import Unknown, Whom
from crm.destination import Destination
from crm.http_client import Unreadable
from crm.hubspot import CRM, Settings, calls, contacts
from crm.hubspot.answers import of_input
from lib.http.errors import Unavailable
from sandbox.server import running
from tests.crm.hubspot.stage import Turns, call


@pytest.fixture(scope="module")
def client():
    app = Flask("proxy")

    @app.route("/<path:_>", methods=["GET", "POST"])
    def any_request(_):
        return jsonify({})

    with running(app, keeping=True) as url:
        settings = Settings().load({"access_token": "demo", "api_url": url})
        yield CRM.client(Destination("sales", "hubspot", settings), Turns())


def test_nobody_is_gone_and_nobody_is_looked_for_in_vain(client):
    for asked in ([Whom("number", "+919810012345")], [Whom("crm_reference", "101")]):
        with pytest.raises(Unreadable):
            contacts.find(client, asked)
    with pytest.raises(Unreadable):
        contacts.read(client, ["101"], ["hs_lead_status"])


def test_no_call_is_missing_removed_or_logged(client):
    with pytest.raises(Unavailable):
        calls.look_up(client, [call("m1", "101")])
    with pytest.raises(Unavailable):
        calls.remove(client, ["7001"])
    assert calls.log(client, [call("m1", "101")]) == [Unknown("HubSpot's answer does not tell of it.")]


def test_an_error_with_odd_members_is_one_all_the_same():
    assert of_input({"category": {}, "status": [1], "message": 7, "errors": [{"context": 5}]}, ()).answer
