"""The CRMs of the sandbox, started as a person or the demo starts them."""

import subprocess
import sys
from contextlib import contextmanager

import requests

from sandbox.webhook import signatures
from sandbox.webhook.api import PATH


@contextmanager
def started(crm: str, *options: str):
    """Its address, as it says it."""
    command = [sys.executable, "-m", f"sandbox.{crm}", "--port", "0", *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        said = process.stderr.readline()
        yield next(word.rstrip("/;") for word in said.split() if word.startswith("http")).removesuffix(PATH)
    finally:
        process.terminate()
        assert process.wait(10) == 0
        process.stderr.close()


def test_hubspot_by_itself():
    options = ("--token", "secret", "--contacts", "3", "--unique-property", "ours", "--search-delay", "0", "--lifted")
    with started("hubspot", *options) as url:
        contacts = requests.get(f"{url}/sandbox/ledger", timeout=30).json()["contacts"]
        assert [one["properties"]["hs_lead_status"] for one in contacts] == ["NEW"] * 3
        properties = requests.get(
            f"{url}/crm/properties/2026-09/calls/ours", headers={"Authorization": "Bearer secret"}, timeout=30
        )
        assert properties.json()["hasUniqueValue"] is True
        settings = requests.get(f"{url}/sandbox/settings", timeout=30).json()
        assert (settings["lifted"], settings["search_delay"]) == (True, 0)
        made = requests.post(
            f"{url}/sandbox/contacts", json={"contacts": [{"id": "7", "phone": "+1 202 555 0100"}]}, timeout=30
        )
        assert (made.status_code, made.json()) == (201, {"ids": ["7"]})
        assert requests.post(f"{url}/sandbox/contacts", json={"hs_lead_status": "NONE"}, timeout=30).status_code == 400
        assert "202 555 0100" in requests.get(url, timeout=30).text


def test_pipedrive_by_itself():
    with started("pipedrive", "--token", "secret", "--persons", "2", "--search-delay", "0", "--lifted") as url:
        ledger = requests.get(f"{url}/sandbox/ledger", timeout=30).json()
        assert [len(ledger[kind]) for kind in ("persons", "leads", "deals", "calls")] == [2, 2, 2, 0]
        me = requests.get(f"{url}/api/v1/users/me", headers={"x-api-token": "secret"}, timeout=30)
        assert me.json()["data"]["company_id"] == 66660666
        settings = requests.get(f"{url}/sandbox/settings", timeout=30).json()
        assert (settings["lifted"], settings["search_delay"], settings["api_tokens"]) == (True, 0, {"secret": 1})
        made = requests.post(
            f"{url}/sandbox/persons", json={"persons": [{"id": "7", "phone": "+1 202 555 0100"}]}, timeout=30
        )
        assert (made.status_code, made.json()) == (201, {"ids": ["7"]})
        assert requests.post(f"{url}/sandbox/persons/7/merge", json={"into": "8"}, timeout=30).status_code == 404
        assert requests.get(url, timeout=30).json()["calls"] == []


def test_zoho_by_itself():
    with started("zoho", "--leads", "2", "--unique-field", "Ours", "--search-delay", "0", "--lifted") as url:
        ledger = requests.get(f"{url}/sandbox/ledger", timeout=30).json()
        assert (len(ledger["Leads"]), ledger["calls"]) == (2, [])
        form = {"client_id": "1000.DEMO", "client_secret": "demo-secret", "refresh_token": "1000.demo-refresh"}
        form |= {"grant_type": "refresh_token"}
        token = requests.post(f"{url}/oauth/v2/token", data=form, timeout=30).json()["access_token"]
        fields = requests.get(
            f"{url}/crm/v8/settings/fields?module=Calls",
            headers={"Authorization": f"Zoho-oauthtoken {token}"},
            timeout=30,
        )
        assert [one["api_name"] for one in fields.json()["fields"] if one["unique"]] == ["Ours"]
        made = requests.post(f"{url}/sandbox/Leads", json={"records": [{"id": "77", "Last_Name": "Asha"}]}, timeout=30)
        assert (made.status_code, made.json()) == (201, {"ids": ["77"]})
        assert requests.post(f"{url}/sandbox/Leads/77/merge", json={"into": "78"}, timeout=30).status_code == 404
        assert requests.post(f"{url}/sandbox/settings", json={"durations": "hh:mm"}, timeout=30).status_code == 200
        assert requests.post(f"{url}/sandbox/settings", json={"nothing": 1}, timeout=30).status_code == 400


def test_bitrix24_by_itself():
    with started("bitrix24", "--webhook", "hush9", "--leads", "2", "--search-delay", "0", "--lifted") as url:
        ledger = requests.get(f"{url}/sandbox/ledger", timeout=30).json()
        assert [len(ledger[kind]) for kind in ("leads", "deals", "calls", "statistics")] == [2, 0, 0, 0]
        own = requests.post(f"{url}/rest/1/hush9/profile", json={}, timeout=30)
        assert own.json()["result"]["ID"] == "1"
        assert requests.post(f"{url}/sandbox/refreshes", json={"refresh_token": "second"}, timeout=30).json() == {
            "known": 2
        }


def test_salesforce_by_itself():
    options = ("--secret", "secret", "--people", "2", "--external-id", "Ours__c", "--zone", "UTC", "--limit", "9")
    with started("salesforce", *options, "--search-delay", "0", "--lifted") as url:
        ledger = requests.get(f"{url}/sandbox/ledger", timeout=30).json()
        assert [len(ledger[kind]) for kind in ("Lead", "Contact", "calls")] == [2, 1, 0]
        form = {"grant_type": "client_credentials", "client_id": "demo-app", "client_secret": "secret"}
        token = requests.post(f"{url}/services/oauth2/token", data=form, timeout=30).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        found = requests.get(f"{url}/services/data/v68.0/sobjects/Task/describe", headers=headers, timeout=30).json()
        assert [one["name"] for one in found["fields"] if one["externalId"]] == ["Ours__c"]
        settings = requests.get(f"{url}/sandbox/settings", timeout=30).json()
        assert (settings["lifted"], settings["search_delay"], settings["limit"]) == (True, 0, 9)
        assert requests.get(url, timeout=30).json()["calls"] == []


def test_a_receiver_of_webhooks_by_itself():
    secret = "whsec_" + "c2Vj" * 8
    with started("webhook", "--secret", secret) as url:
        body = b'{"type":"call.outcome.settled","timestamp":"t","data":{"outcome":{"id":"1","revision":1},"changed_fields":null}}'
        headers = {"webhook-id": "m", "webhook-timestamp": "1", "Content-Type": "application/json"}
        signature = signatures.signature(signatures.key(secret), "m", "1", body)
        answer = requests.post(url + PATH, body, headers=headers | {"webhook-signature": f"v1,{signature}"}, timeout=30)
        assert (answer.status_code, "five minutes" in answer.json()["message"]) == (401, True)
