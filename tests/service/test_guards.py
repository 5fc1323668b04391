"""What guards our own doors, and what leaves this machine: loose settings are refused with a sentence, or told of."""

import pytest

from service.settings import guards
from service.settings.config import BadSettings
from tests.service.settings_file import loaded

OURS = '[connections.a]\ndialer = "ryng"\ncallback_tokens = ["{}"]\n'
LONG = "t0k3n-of-sixteen"
VOIPEX = f'[connections.a]\ndialer = "voipex"\nusername = "u"\npassword = "p"\ncallback_tokens = ["{LONG}"]\n'


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        (OURS.format("1"), "[connections.a] callback_tokens: 1 character is too few, 16 or more are needed"),
        (OURS.format("fifteen-charact"), "[connections.a] callback_tokens: 15 characters are too few"),
        (
            OURS.format("change-me-to-32-random-characters"),
            "[connections.a] callback_tokens is still what the example says",
        ),
        (OURS.format("${TOKEN}"), "[connections.a] callback_tokens is still what the example says"),
        (
            OURS.format(LONG) + 'access_token = "change-me"\n',
            "[connections.a] access_token is still what the example says",
        ),
        (
            '[connections.a]\ndialer = "jaicp"\ncampaigns = { renewals = "change-me" }\n',
            "[connections.a] campaigns renewals is still what the example says",
        ),
        (
            VOIPEX + 'callback_authorization = ["Basic user:change-me"]\n',
            "[connections.a] callback_authorization is still what the example says",
        ),
        (
            VOIPEX + 'callback_authorization = ["Bearer change-me"]\n',
            "[connections.a] callback_authorization is still what the example says",
        ),
        (
            OURS.format(LONG) + 'api_url = "ftp://acme.ryng.in"\n',
            "[connections.a] api_url: Not an address; one begins with https://",
        ),
        (VOIPEX + 'api_url = "ftp://x.test"\n', "[connections.a] api_url: Not an address; one begins with https://"),
    ],
)
def test_loose_settings_are_refused(environ, tmp_path, toml, sentence):
    environ |= {"WRAPUP_ALLOW_SHORT_TOKENS": "no", "TOKEN": "Change_Me"}
    with pytest.raises(BadSettings) as refused:
        loaded(environ, tmp_path, toml)
    assert sentence in str(refused.value)
    assert "fifteen-charact" not in str(refused.value)


def test_what_others_have_issued_may_be_short(environ, tmp_path):
    environ |= {"WRAPUP_ALLOW_SHORT_TOKENS": "no"}
    settings = loaded(environ, tmp_path, VOIPEX + 'callback_authorization = ["Basic u:p"]\n')
    assert settings.connections["a"].settings["password"] == "p"
    assert settings.warnings() == []


def test_addresses_to_which_all_goes_unencrypted_are_told_of(environ, tmp_path):
    more = 'api_url = "http://10.0.0.7:9"\nauth_url = "http://127.0.0.1:8/token"\n'
    settings = loaded(environ | {"WRAPUP_PUBLIC_URL": "http://wrapup.example.test"}, tmp_path, VOIPEX + more)
    assert settings.warnings() == [
        "The setting WRAPUP_PUBLIC_URL is http:// to wrapup.example.test: what is sent there can be read on the way. "
        "Use https://.",
        "[connections.a] api_url is http:// to 10.0.0.7: what is sent there can be read on the way. Use https://.",
    ]


@pytest.mark.parametrize(
    ("host", "here"),
    [
        *((host, True) for host in ("localhost", "LOCALHOST", "127.0.0.1", "127.8.9.1", "::1", "0.0.0.0")),
        *((host, False) for host in ("", "10.0.0.7", "127.example.test", "mail.localhost", "localhost.example.test")),
    ],
)
def test_what_never_leaves_this_machine_may_be_unencrypted(host, here):
    assert guards.is_here(host) is here
