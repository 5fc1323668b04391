"""Settings are strict and loud: each mistake is one sentence that names the setting."""

import pytest

from service.settings.config import BadSettings, load


@pytest.fixture
def environ(tmp_path):
    return {"WRAPUP_DATA_DIR": str(tmp_path / "data")}


def loaded(environ, tmp_path, toml):
    path = tmp_path / "wrapup.toml"
    path.write_text(toml, encoding="utf-8")
    return load({"WRAPUP_ALLOW_SHORT_TOKENS": "yes"} | environ | {"WRAPUP_CONFIG": str(path)})


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


@pytest.mark.parametrize(
    ("said", "trusted"),
    [
        ("", [True, True, False, False]),  # as shipped: nginx on the same machine
        ("none", [False, False, False, False]),
        ("10.0.0.0/8", [False, False, True, False]),
        ("127.0.0.1,10.0.0.5  2001:db8::/32", [True, False, True, True]),
    ],
)
def test_trusted_proxies(environ, said, trusted):
    proxies = load(environ | {"WRAPUP_TRUSTED_PROXIES": said}).proxies
    assert [proxies.trusts(one) for one in ("127.0.0.1", "::1", "10.0.0.5", "2001:db8::1")] == trusted


@pytest.mark.parametrize("word", ["Interested", "Interested ", " interested"])
def test_a_configured_word_is_compared_without_its_outer_blanks(environ, tmp_path, word):
    settings = loaded(environ, tmp_path, f'[dispositions.ryng]\n"{word}" = ["sale"]\n')
    assert settings.connections["ryng"].flags("Interested") == ["sale"]


@pytest.mark.parametrize(
    "name, value, sentence",
    [
        ("WRAPUP_WORKERS", "many", "WRAPUP_WORKERS must be a whole number from 1 to 64, not 'many'."),
        ("WRAPUP_WORKERS", "0", "WRAPUP_WORKERS must be a whole number from 1 to 64, not '0'."),
        ("WRAPUP_WORKERS", "9" * 5000, f"WRAPUP_WORKERS must be a whole number from 1 to 64, not '{'9' * 5000}'."),
        (
            "WRAPUP_TRUSTED_PROXIES",
            "nginx",
            "WRAPUP_TRUSTED_PROXIES must be addresses and networks such as 10.0.0.5, 10.1.0.0/16, or none: "
            "'nginx' does not appear to be an IPv4 or IPv6 network.",
        ),
        (
            "WRAPUP_TRUSTED_PROXIES",
            "127.0.0.1 10.0.0.5/8",
            "WRAPUP_TRUSTED_PROXIES must be addresses and networks such as 10.0.0.5, 10.1.0.0/16, or none: "
            "10.0.0.5/8 has host bits set.",
        ),
        (
            "WRAPUP_UPLOAD_BYTES",
            "1000",
            "WRAPUP_UPLOAD_BYTES must be a whole number from 134217728 to 10000000000000, not '1000'.",
        ),
        ("WRAPUP_BIND", "x:0", "WRAPUP_BIND must have a port from 1 to 65535, not 0."),
        ("WRAPUP_BIND", "x:65536", "WRAPUP_BIND must have a port from 1 to 65535, not 65536."),
        ("WRAPUP_PUBLIC_URL", "http://[x/", "WRAPUP_PUBLIC_URL has no usable host and port: 'http://[x/'."),
        ("WRAPUP_PUBLIC_URL", "http://x:y", "WRAPUP_PUBLIC_URL has no usable host and port: 'http://x:y'."),
        ("WRAPUP_PUBLIC_URL", "http://x:70000", "WRAPUP_PUBLIC_URL has no usable host and port: 'http://x:70000'."),
        ("WRAPUP_PUBLIC_URL", "http://u:pw@x:y", "WRAPUP_PUBLIC_URL has no usable host and port: 'x:y'."),
        ("WRAPUP_PUBLIC_URL", "http://:80", "WRAPUP_PUBLIC_URL has no usable host and port: 'http://:80'."),
        ("WRAPUP_DATABASE_URL", "postgresql://u:pw@h:port/n", "WRAPUP_DATABASE_URL is not a database URL."),
        ("WRAPUP_DATABASE_URL", "postgresql://u:pw@h:70000/n", "WRAPUP_DATABASE_URL must have a port from 1 to 65535."),
        (
            "WRAPUP_DATABASE_URL",
            "postgresql+asyncpg://u:pw@h/n",
            "WRAPUP_DATABASE_URL must begin with sqlite:/// or postgresql://, not postgresql+asyncpg.",
        ),
        (
            "WRAPUP_DATABASE_URL",
            "postgresql://u:pw@/n?host=a:5432&host=b:5432&target_session_attrs=prefer-standby",
            "WRAPUP_DATABASE_URL asks for target_session_attrs=prefer-standby, where nothing can be written: several hosts need "
            "read-write, which is what they have where nothing is said.",
        ),
        (
            "WRAPUP_DATABASE_URL",
            "sqlite://data/wrapup.db",
            "WRAPUP_DATABASE_URL must begin with sqlite:/// with three slashes, or four for a full path.",
        ),
        *(
            (
                "WRAPUP_DATABASE_URL",
                url,
                "WRAPUP_DATABASE_URL must name a file: in memory, every process would have its own database.",
            )
            for url in (
                "sqlite://",
                "sqlite:///",
                "sqlite:///:memory:",
                "sqlite:///file::memory:?uri=true",
                "sqlite:///file:x?mode=memory&uri=true",
            )
        ),
        (
            "WRAPUP_PUBLIC_URL",
            "https://example.test/?a=b",
            "WRAPUP_PUBLIC_URL is what stands before /callbacks: it has no ? and no #, unlike 'https://example.test/?a=b'.",
        ),
        (
            "WRAPUP_PUBLIC_URL",
            "https://example.test#x",
            "WRAPUP_PUBLIC_URL is what stands before /callbacks: it has no ? and no #, unlike 'https://example.test#x'.",
        ),
        (
            "WRAPUP_SECRET_KEY",
            "x",
            "WRAPUP_SECRET_KEY: 1 character is too few, 16 or more are needed, for whoever guesses it is let in. For tests, "
            "WRAPUP_ALLOW_SHORT_TOKENS=yes takes shorter ones.",
        ),
        (
            "WRAPUP_SECRET_KEY",
            "change-me-to-32-random-characters",
            "WRAPUP_SECRET_KEY is still what the example says: put the real one there.",
        ),
        ("WRAPUP_ALLOW_SHORT_TOKENS", "1", "WRAPUP_ALLOW_SHORT_TOKENS must be one of no, yes, not '1'."),
        ("WRAPUP_BIND", "8080", "WRAPUP_BIND must be HOST:PORT, not '8080'."),
        (
            "WRAPUP_PUBLIC_URL",
            "example.test",
            "WRAPUP_PUBLIC_URL must begin with http:// or https://, not 'example.test'.",
        ),
        (
            "WRAPUP_DATABASE_URL",
            "mysql://x/y",
            "WRAPUP_DATABASE_URL must begin with sqlite:/// or postgresql://, not mysql.",
        ),
        ("WRAPUP_DATABASE_URL", "x", "WRAPUP_DATABASE_URL is not a database URL."),
        ("WRAPUP_LOG_LEVEL", "loud", "WRAPUP_LOG_LEVEL must be one of debug, info, warning, error, not 'loud'."),
        (
            "WRAPUP_CONFIG",
            "nowhere.toml",
            "WRAPUP_CONFIG names 'nowhere.toml', which cannot be read: No such file or directory.",
        ),
    ],
)
def test_a_bad_variable(environ, name, value, sentence):
    with pytest.raises(BadSettings) as bad:
        load(environ | {name: value})
    assert str(bad.value) == sentence


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
        (
            RYNG + 'disposition_window = "1d"\n',
            "[connections.a] disposition_window: Not a whole number; one stands without",
        ),
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


@pytest.mark.parametrize(
    "url",
    ["postgres://u@h/n", "postgresql+psycopg://u@h:5432/n", "postgresql:///n?host=a:1&host=b:2", "sqlite:///x.db"],
)
def test_a_good_database_url(environ, url):
    assert load(environ | {"WRAPUP_DATABASE_URL": url}).database_url == url


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


def test_a_data_folder_below_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadSettings) as bad:
        load({"WRAPUP_DATA_DIR": str(tmp_path / "file" / "data")})
    assert str(bad.value) == f"WRAPUP_DATA_DIR is '{tmp_path}/file/data', where no secret can be kept: Not a directory."


def test_a_secret_is_in_no_sentence(environ, tmp_path):
    with pytest.raises(BadSettings) as bad:
        loaded(environ | {"S": "hunter2/"}, tmp_path, '[connections.a]\ndialer = "ryng"\ncallback_tokens = ["${S}"]\n')
    assert "hunter2" not in str(bad.value)


# What guards our own doors ------------------------------------------------------------------------------------------------
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
