"""Settings of the environment: each mistake is one sentence that names the variable."""

import pytest

from service.settings.config import BadSettings, load


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
        ("WRAPUP_PUBLIC_URL", "https://w x.example", "WRAPUP_PUBLIC_URL holds a blank: 'https://w x.example'."),
        ("WRAPUP_PUBLIC_URL", "https://x.\nexample", "WRAPUP_PUBLIC_URL holds a blank: 'https://x.\\nexample'."),
        ("WRAPUP_PUBLIC_URL", "https://x.example/a b/", "WRAPUP_PUBLIC_URL holds a blank: 'https://x.example/a b/'."),
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
    "url",
    ["postgres://u@h/n", "postgresql+psycopg://u@h:5432/n", "postgresql:///n?host=a:1&host=b:2", "sqlite:///x.db"],
)
def test_a_good_database_url(environ, url):
    assert load(environ | {"WRAPUP_DATABASE_URL": url}).database_url == url


def test_a_data_folder_below_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadSettings) as bad:
        load({"WRAPUP_DATA_DIR": str(tmp_path / "file" / "data")})
    assert str(bad.value) == f"WRAPUP_DATA_DIR is '{tmp_path}/file/data', where no secret can be kept: Not a directory."


def test_a_folder_in_whose_url_the_database_would_lie_elsewhere_is_refused(tmp_path):
    """Of two such folders, one beside the other, both would have one database, in neither of them."""
    with pytest.raises(BadSettings, match=r"where a \? stands the URL of a database in it ends"):
        load({"WRAPUP_DATA_DIR": str(tmp_path / "why?not")})
    assert list(tmp_path.iterdir()) == []
    load({"WRAPUP_DATA_DIR": str(tmp_path / "why?not"), "WRAPUP_DATABASE_URL": "postgresql://a@b/c"})


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"WRAPUP_WORKER": "4"}, ["Nothing reads the variable WRAPUP_WORKER; perhaps WRAPUP_WORKERS is meant."]),
        (
            {"WRAPUP_SERVICE_HOST": "10.0.0.1"},
            ["Nothing reads the variable WRAPUP_SERVICE_HOST."],
        ),  # as Kubernetes makes it
        ({"WRAPUP_WORKER": " "}, []),  # it says nothing
        ({"WRAPUP_TEST_ANYTHING": "1", "WRAPUPS": "1"}, []),
        ({"WRAPUP_RYNG": "0123456789abcdef"}, []),  # the file asks for it
    ],
)
def test_variables_that_nobody_reads_stop_nothing_and_are_told(environ, tmp_path, more, said):
    file = tmp_path / "named.toml"
    token = "${WRAPUP_RYNG}" if "WRAPUP_RYNG" in more else "0123456789abcdef"
    file.write_text(f'[connections.ryng]\ndialer = "ryng"\ncallback_tokens = ["{token}"]\n')
    assert load(environ | {"WRAPUP_CONFIG": str(file)} | more).warnings() == said
