"""The settings file is read strictly and loudly: each mistake is one sentence that names the setting."""

import pytest

from service.settings.config import BadSettings, load
from tests.service.settings_file import loaded

RYNG = '[connections.a]\ndialer = "ryng"\ncallback_tokens = ["t"]\n'
QVOICE = """
[connections.qvoice-main]
dialer = "qvoice"
portal_url = "https://portal.example:9443"
username = "reports"
password = "${QVOICE_PASSWORD}"
domain = "tenant"
account_id = "a1"
page_size = 1000
"""


def test_without_a_file_hosts_with_one_key_have_one_token_and_each_keeps_what_it_has(environ, tmp_path):
    def token(host: str, key: str) -> str:
        own = environ | {"WRAPUP_DATA_DIR": str(tmp_path / host), "WRAPUP_SECRET_KEY": key}
        return load(own).connections["ryng"].callback_tokens[0]

    first = token("a", "one key " * 4)
    assert token("b", "one key " * 4) == first  # of two receivers behind a balancer: a URL of either opens both
    assert token("c", "another key " * 4) != first and len(first) >= 32
    assert token("a", "another key " * 4) == first  # a key that is changed does not close the URL that the dialer has
    random = load(environ | {"WRAPUP_DATA_DIR": str(tmp_path / "d")}).connections["ryng"].callback_tokens[0]
    assert random != first and token("d", "one key " * 4) == random


def test_without_a_file_there_is_one_ryng_connection_with_a_token_that_stays(environ):
    first, second = load(environ), load(environ)
    assert list(first.connections) == ["ryng"]
    assert len(first.connections["ryng"].callback_tokens[0]) >= 32
    assert first.connections["ryng"].callback_tokens == second.connections["ryng"].callback_tokens
    assert first.secret_key == second.secret_key


def test_a_file_with_everything(environ, tmp_path):
    settings = loaded(
        environ | {"TOKEN": "t1", "QVOICE_PASSWORD": "pw"},
        tmp_path,
        QVOICE
        + """
[connections.ryng-main]
dialer = "ryng"
callback_tokens = ["${TOKEN}", "t2"]
api_url = "https://acme.ryng.in"
access_token = "x"
default_country = "IN"
status_codes = { "2" = "connected" }

[dispositions.ryng-main]
"Interested" = ["contact", "sale"]

[words.ryng-main]
"NO-FORWARD" = "canceled"
""",
    )
    ryng, qvoice = settings.connections["ryng-main"], settings.connections["qvoice-main"]
    assert ryng.callback_tokens == ("t1", "t2")
    assert ryng.flags(" interested ") == ["contact", "sale"]
    assert ryng.meaning("no forward", {}) == "canceled"
    assert (qvoice.words, qvoice.settings["password"]) == ({}, "pw")
    assert settings.callback_urls()[0] == (
        "ryng-main",
        "connect",
        "http://127.0.0.1:8080/callbacks/ryng-main/t1/connect",
    )


@pytest.mark.parametrize("word", ["Interested", "Interested ", " interested"])
def test_a_configured_word_is_compared_without_its_outer_blanks(environ, tmp_path, word):
    settings = loaded(environ, tmp_path, f'[dispositions.ryng]\n"{word}" = ["sale"]\n')
    assert settings.connections["ryng"].flags("Interested") == ["sale"]


@pytest.mark.parametrize(
    "toml, sentence",
    [
        ("[connections", "wrapup.toml is not TOML: "),
        ("[connections.a]\n", "[connections.a] dialer: Must be given."),
        ('[connections.a]\ndialer = "fax"\n', "[connections.a] dialer: Must be one of: "),
        ('[connections."a b"]\ndialer = "ryng"\n', "[connections.a b]: a name may hold letters"),
        ('[connections.a]\ndialer = "ryng"\n', "[connections.a] needs callback_tokens"),
        (
            '[connections.a]\ndialer = "ryng"\ncallback_tokens = ["a/b"]\n',
            "[connections.a] callback_tokens.0: may hold",
        ),
        (
            '[connections.a]\ndialer = "ryng"\ncallback_tokens = ["t"]\ncallback_authorization = ["hunter2"]\n',
            "[connections.a] callback_authorization.0: must be Basic USER:PASSWORD or Bearer TOKEN.",
        ),
        (
            '[connections.a]\ndialer = "ryng"\ncallback_tokens = ["t"]\ntypo = 1\n',
            "[connections.a] typo: There is no such key.",
        ),
        (
            '[connections.a]\ndialer = "ryng"\ncallback_tokens = ["t"]\nstatus_codes = { "2" = "great" }\n',
            "[connections.a] status_codes.2: Must be one of: connected",
        ),
        (
            '[connections.a]\ndialer = "ryng"\ncallback_tokens = ["t"]\ndefault_country = "India"\n',
            "[connections.a] default_country",
        ),
        (
            RYNG + "callback_token = 1\n",
            "[connections.a] callback_token: There is no such key; perhaps callback_tokens is meant.",
        ),
        (
            RYNG + "acess_token = 1\n",
            "[connections.a] acess_token: There is no such key; perhaps access_token is meant.",
        ),
        (RYNG + 'dialler = "ryng"\n', "[connections.a] dialler: There is no such key; perhaps dialer is meant."),
        (RYNG + "access_token = 5\n", '[connections.a] access_token: Not a text; one stands in quotes: "...".'),
        (RYNG + 'disposition_window = "1d"\n', "[connections.a] disposition_window: Not a whole number."),
        (
            RYNG + 'states_dispositions = "no"\n',
            "[connections.a] states_dispositions: Neither true nor false, which stand",
        ),
        (RYNG + "status_codes = 2\n", "[connections.a] status_codes: Not a table; one stands in braces"),
        (RYNG + 'api_url = "acme.ryng.in"\n', "[connections.a] api_url: Not an address; one begins with https://"),
        (
            RYNG + 'default_country = "India"\n',
            "[connections.a] default_country: Must be two capital letters of a country",
        ),
        (
            '[connections.a]\ndialer = "ryng"\ncallback_tokens = "t"\n',
            "[connections.a] callback_tokens: Not a list; one stands in brackets, with commas: [...].",
        ),
        (QVOICE, "needs the environment variable QVOICE_PASSWORD, which is not set."),
        (QVOICE.replace("${QVOICE_PASSWORD}", "x").replace("domain", "domaine"), "[connections.qvoice-main] "),
        ("[dispositions.a]\n", "[dispositions.a] belongs to no connection."),
        ('[dispositions.ryng]\n"X" = ["great"]\n', "[dispositions.ryng] X.0: Must be one of: contact"),
        (
            '[dispositions.ryng]\n"Call back" = ["contact", "callback"]\n"call  back " = ["callback"]\n',
            "[dispositions.ryng] call back : It is one disposition with another that raises callback, contact.",
        ),
        (
            '[dispositions.ryng]\n"Sale" = []\n"SALE" = ["sale"]\n',
            "[dispositions.ryng] SALE: It is one disposition with another that raises no flag.",
        ),
        ("[words.a]\n", "[words.a] belongs to no connection."),
        ('[words.ryng]\n"X" = "great"\n', "[words.ryng] X: Must be one of: connected"),
        ('[words.ryng]\n"X" = ["busy"]\n', '[words.ryng] X: Not a text; one stands in quotes: "...".'),
        ('[words.ryng]\n" - " = "busy"\n', "[words.ryng] - : A word must have a letter or a digit."),
        (
            '[words.ryng]\n"NO-FORWARD" = "busy"\n"no_forward" = "canceled"\n',
            "[words.ryng] no_forward: It is one word with another that means busy.",
        ),
        ("[destination]\n", "The settings file has a table that nothing reads: [destination]."),
        *(
            (f"{name} = {value}\n", f"[{name}] must hold a table for each connection, such as [{name}.ryng-main].")
            for name in ("connections", "dispositions", "words")
            for value in ("3", '"x"', "[]", "[{}]", "0", "{ ryng = 3 }", '["ryng"]')
        ),
        *(
            (
                f'[connections.a]\ndialer = "ryng"\ncallback_tokens = ["{token}"]\n',
                "[connections.a] callback_tokens.0: may hold letters, digits and . _ ~ - only, not just dots.",
            )
            for token in (".", "..", "abc\\n", "")
        ),
        ('[connections."a\\n"]\ndialer = "ryng"\n', "a name may hold letters"),
        ('[connections.a]\ndialer = "ryng"\ndisposition_window = 315360001\n', "[connections.a] disposition_window: "),
        ('[connections.a]\ndialer = "ryng"\nstates_dispositions = "no"\n', "[connections.a] states_dispositions: "),
        (
            '[connections.a]\ndialer = "ryng"\ndisposition_window = 9000000000000\n',
            "[connections.a] disposition_window: ",
        ),
        (f"connections = {'9' * 5000}\n", "wrapup.toml is not TOML: "),
    ],
)
def test_a_bad_file(environ, tmp_path, toml, sentence):
    with pytest.raises(BadSettings) as bad:
        loaded(environ, tmp_path, toml)
    assert sentence in str(bad.value)
    assert str(bad.value).endswith(".")
    assert "\n" not in str(bad.value)


def test_a_disposition_written_in_two_ways_with_the_same_flags(environ, tmp_path):
    toml = '[dispositions.ryng]\n"Sale" = ["sale", "contact"]\n"SALE" = ["contact", "sale"]\n'
    assert loaded(environ, tmp_path, toml).connections["ryng"].flags("sale") == ["contact", "sale"]


def test_tokens_with_dots_and_the_longest_window(environ, tmp_path):
    toml = '[connections.a]\ndialer = "ryng"\ncallback_tokens = ["a.b", "..."]\ndisposition_window = 315360000\n'
    assert loaded(environ, tmp_path, toml).connections["a"].callback_tokens == ("a.b", "...")


@pytest.mark.parametrize(
    ("line", "told"), [("", None), ("states_dispositions = false", False), ("states_dispositions = true", True)]
)
def test_whether_a_connection_states_dispositions(environ, tmp_path, line, told):
    toml = f'[connections.a]\ndialer = "ryng"\ncallback_tokens = ["t"]\n{line}'
    assert loaded(environ, tmp_path, toml).connections["a"].states_dispositions is told


def test_a_name_and_a_password_are_written_as_they_are_sent(environ, tmp_path):
    given = 'callback_authorization = ["Basic Aladdin:open sesame", "Basic dXNlcjpw", "Bearer t:1"]'
    toml = f'[connections.a]\ndialer = "ryng"\ncallback_tokens = ["t"]\n{given}\n'
    wanted = ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Basic dXNlcjpw", "Bearer t:1")  # the first: RFC 7617, section 2
    assert loaded(environ, tmp_path, toml).connections["a"].callback_authorization == wanted


def test_a_secret_is_in_no_sentence(environ, tmp_path):
    with pytest.raises(BadSettings) as bad:
        loaded(environ | {"S": "hunter2/"}, tmp_path, '[connections.a]\ndialer = "ryng"\ncallback_tokens = ["${S}"]\n')
    assert "hunter2" not in str(bad.value)


def test_whom_alerts_are_told_and_who_signs_in_is_read_from_the_file(environ, tmp_path):
    toml = """
[alerts]
heartbeat = "https://hc.example.com/ping"
[sign_in.oidc]
issuer = "https://login.example.com"
client_id = "wrapup"
client_secret = "x"
roles = { read = ["analysts"] }
"""
    settings = loaded(environ | {"WRAPUP_PUBLIC_URL": "https://wrapup.example.com"}, tmp_path, toml)
    assert settings.alerts.wanted and settings.sign_in.oidc is not None
