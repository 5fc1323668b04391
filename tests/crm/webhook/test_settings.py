"""What stops the start: one sentence, and nothing sent."""

import pytest

from service.settings.destinations import destinations_of
from service.settings.mistakes import BadSettings
from tests.crm.webhook.receiver import SECRET


def loaded(**table):
    table = {"kind": "webhook", "url": "https://example.com/hooks", "secrets": [SECRET], **table}
    return destinations_of({"destinations": {"hook": table}}, [])["hook"]


def test_a_url_and_a_secret_are_enough():
    own = loaded().settings
    assert (own["at_once"], own["timeout_seconds"], own["allow_private_addresses"]) == (4, 20.0, False)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"secrets": []}, "secrets"),
        ({"secrets": [SECRET, "whsec_Zm9v"]}, r"secrets.1: A secret is 24 to 64 bytes"),
        ({"url": "https://10.1.2.3/hooks"}, "public address"),
        ({"url": "https://[::1]/hooks"}, "public address"),
        ({"url": "http://localhost:8000/"}, "public address"),
        ({"url": "http://169.254.169.254/latest/meta-data"}, "public address"),
        ({"url": "http://0x7f000001/"}, "plainly"),
        ({"url": "http://2130706433/"}, "plainly"),
        ({"url": "http://127.1/"}, "plainly"),
        ({"url": "https://example.com./"}, "plainly"),
        ({"url": "https://[fe80::1%25eth0]/"}, "interface"),
        ({"url": "https://user:pass@example.com/"}, "without a name or password"),
        ({"url": "ftp://example.com/"}, "http://"),
        ({"url": "https://example.com\\@10.0.0.1/"}, "http://"),
        ({"url": "https://example.com/", "at_once": 0}, "at_once"),
        ({"url": "https://example.com/", "ca_file": "/nowhere/ca.pem"}, "ca_file"),
        ({"url": "https://example.com/", "secret": SECRET}, "no such key; perhaps secrets is meant"),
        ({"status": {"flag:sale": {"x": "y"}}}, "no records"),
    ],
)
def test_a_mistake_is_one_sentence_that_repeats_no_secret(table, words):
    with pytest.raises(BadSettings, match=words) as caught:
        loaded(**table)
    said = str(caught.value)
    assert said.startswith("[destinations.hook] ") and "\n" not in said
    assert SECRET.removeprefix("whsec_") not in said and "Zm9v" not in said and "pass@" not in said


def test_private_addresses_may_be_meant_but_are_written_plainly():
    assert loaded(url="http://10.1.2.3:8000/hooks", allow_private_addresses=True)
    with pytest.raises(BadSettings, match="plainly"):
        loaded(url="http://127.1/", allow_private_addresses=True)
