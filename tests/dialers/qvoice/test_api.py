"""QVoice's client over real HTTP: logins, tries, and what the operator is told."""

import ssl
import threading
import time
from collections import Counter
from dataclasses import replace

import pytest
from marshmallow import ValidationError

from dialers.base import Connection
from dialers.qvoice import Settings
from dialers.qvoice.api import Client
from lib.http.errors import AskedWrongly, CredentialsRefused, Garbled, NotTrusted, Unavailable
from lib.http.exchange import Patience, retry_after
from rig.patience import stretched
from tests.dialers.qvoice.portal import FAST, portal, row
from tests.lib.http.test_exchange import trickling


def statuses(found, part="history"):
    return [request.status for request in found.asked(part)]


# Tokens ---------------------------------------------------------------------------------------------------------------
def test_one_login_serves_all_walks(filled):
    for _ in range(3):
        assert filled.walk().error is None
    assert filled.qvoice.logins == 1


def test_a_token_that_expires_in_the_middle_of_a_walk_is_renewed(filled):
    filled.fault(expired={"after": 1, "times": 1, "path": "history"})
    walked = filled.walk()
    assert (walked.error, len(walked.records)) == (None, 7)
    assert statuses(filled) == [200, 401, 200, 200]
    assert filled.qvoice.logins == 2


def test_many_threads_share_one_login_per_expired_token(filled):
    assert filled.walk().error is None
    filled.qvoice.forget_tokens()
    together = threading.Barrier(12)
    walks = []

    def walk():
        together.wait()
        walks.append(filled.walk())

    threads = [threading.Thread(target=walk) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert [(walk.error, len(walk.records)) for walk in walks] == [(None, 7)] * 12
    assert filled.qvoice.logins == 2


def test_a_401_right_after_a_login_means_that_we_are_refused(filled):
    filled.fault(unauthorized={"path": "history"})
    walked = filled.walk()
    assert isinstance(walked.error, CredentialsRefused)
    assert "account_id" in str(walked.error)
    assert statuses(filled) == [401, 401]
    # Another report may still be allowed: one refused report closes no account.
    assert filled.walk("queue_status", None).error is None


@pytest.mark.parametrize(("fault", "status"), [("login_refused", 401), ("login_invalid", 400)])
def test_wrong_credentials_are_not_tried_again(filled, fault, status):
    filled.fault(**{fault: True})
    first, second = filled.walk(), filled.walk()
    assert isinstance(first.error, CredentialsRefused) and isinstance(second.error, CredentialsRefused)
    assert f"({status})" in str(first.error) and "username, password and domain" in str(first.error)
    assert statuses(filled, "login") == [status]


def test_many_threads_with_wrong_credentials_ask_once(filled):
    filled.qvoice.login["password"] = "changed"
    together = threading.Barrier(8)
    errors = []

    def walk():
        together.wait()
        errors.append(filled.walk().error)

    threads = [threading.Thread(target=walk) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert {type(error) for error in errors} == {CredentialsRefused}
    assert filled.qvoice.logins == 1


def test_refused_credentials_are_tried_again_in_an_hour():
    with portal(replace(FAST, refused=0.05)) as found:
        found.fault(login_refused={"times": 1})
        assert isinstance(found.walk().error, CredentialsRefused)
        time.sleep(0.06)
        assert found.walk().error is None


def test_a_login_without_a_token_is_garbled(filled):
    filled.fault(login_without_token=True)
    assert isinstance(filled.walk().error, Garbled)


def test_a_login_that_fails_for_a_moment_is_tried_again(filled):
    filled.fault(login_down={"times": 1})
    assert filled.walk().error is None


# Tries ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "fault", ["server_error", "bad_gateway", "unavailable", "drop", "truncated", "cut", "html", "empty"]
)
def test_what_may_be_different_the_next_time_is_asked_again(filled, fault):
    filled.fault(**{fault: {"after": 1, "times": 1, "path": "history"}})
    walked = filled.walk()
    assert (walked.error, len(walked.records)) == (None, 7)


@pytest.mark.parametrize(
    ("fault", "kind", "words", "tries"),
    [
        ("bad_request", AskedWrongly, "invalid (400)", 1),
        ("forbidden", CredentialsRefused, "(403)", 1),
        ("not_found", AskedWrongly, "(404)", 1),
        ("redirect", AskedWrongly, "redirects are not followed", 1),
        ("too_many", Unavailable, "too often (429", 3),
        ("server_error", Unavailable, "(500", 3),
        ("bad_gateway", Unavailable, "(502", 3),
        ("unavailable", Unavailable, "(503", 3),
        ("drop", Unavailable, "closed the connection", 3),
        ("truncated", Garbled, "broke off", 3),
        ("cut", Garbled, "not JSON", 3),
        ("smart_quotes", Garbled, "not JSON", 3),
        ("html", Garbled, "web page", 3),
        ("empty", Garbled, "empty", 3),
        ("failure_in_200", Garbled, "shape", 3),
        ("unknown_shape", Garbled, "shape", 3),
        ("huge", Garbled, "larger than 16 MiB", 3),
    ],
)
def test_errors_are_sentences_without_secrets_or_bodies(filled, fault, kind, words, tries):
    filled.qvoice.add(row(0, lead_name="Confidential Person"))
    filled.fault(**{fault: {"path": "history", "value": 17 if fault == "huge" else None}})
    walked = filled.walk()
    assert isinstance(walked.error, kind)
    assert words in str(walked.error) and str(walked.error).endswith(".")
    assert len(filled.asked()) == tries or fault == "drop"  # a dropped request may never have been noted
    for secret in ("Confidential", "Bearer", filled.qvoice.login["password"] + '"', "startKey", "Bad gateway"):
        assert secret not in str(walked.error)


def test_an_error_in_mid_walk_leaves_the_pages_before_it(filled):
    filled.fault(server_error={"after": 2, "path": "history"})
    walked = filled.walk()
    assert [len(page.records) for page in walked.pages] == [3, 3]
    assert isinstance(walked.error, Unavailable)


def test_a_short_retry_after_is_waited_for(filled):
    filled.client._patience = replace(FAST, longest_pause=2)
    filled.fault(too_many={"times": 1, "path": "history", "value": 1})
    began = time.monotonic()
    assert filled.walk().error is None
    assert 1 <= time.monotonic() - began < stretched(2)


def test_a_long_retry_after_is_left_to_the_poller(filled):
    filled.fault(too_many={"path": "history", "value": 120})
    walked = filled.walk()
    assert isinstance(walked.error, Unavailable)
    assert walked.error.retry_after == 120
    assert len(filled.asked()) == 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(None, None), ("", None), ("7", 7), ("999999999999", 3600), ("soon", None), ("Wed, 18 Nov 2020 10:00:00 GMT", 0)],
)
def test_retry_after(value, seconds):
    assert retry_after(value) == seconds


def test_a_portal_that_hangs_or_trickles_is_given_up():
    with portal(replace(FAST, read=0.2, whole=0.5, pauses=())) as found:
        found.qvoice.add(row(1))
        found.fault(hang={"path": "history", "value": 2})
        began = time.monotonic()
        assert "did not answer" in str(found.walk().error)
        assert time.monotonic() - began < stretched(1)
        found.fault(drip={"path": "history", "value": 0.05})
        assert "took longer" in str(found.walk().error)
        assert time.monotonic() - began < stretched(3)


def test_a_portal_that_is_not_there():
    with portal() as found:
        connection = replace(
            found.connection, settings={**found.connection.settings, "portal_url": "http://127.0.0.1:9"}
        )
    found.client = Client(connection, FAST)
    assert "the connection was refused" in str(found.walk().error)


def test_names_in_the_url_and_netrc_do_not_replace_the_token(monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with portal() as found:
        url = found.connection.settings["portal_url"].replace("://", "://user:pass@")
        found.client = Client(
            replace(found.connection, settings={**found.connection.settings, "portal_url": url}), FAST
        )
        assert found.walk().error is None
        found.fault(not_found=True)
        assert "pass" not in str(found.walk().error)


# TLS ------------------------------------------------------------------------------------------------------------------
def test_a_portal_of_a_private_authority_is_trusted_by_its_file(authority, tls, tmp_path):
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with portal(ssl_context=tls, settings={"ca_file": str(tmp_path / "ca.pem")}) as found:
        found.qvoice.add(row(1))
        assert found.connection.settings["portal_url"].startswith("https://")
        walked = found.walk()
        assert (walked.error, len(walked.records)) == (None, 1)


def test_without_the_file_nothing_is_sent_and_the_sentence_says_what_to_do(tls, monkeypatch, authority, tmp_path):
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))  # settings decide, not the environment
    with portal(ssl_context=tls) as found:
        walked = found.walk()
        assert isinstance(walked.error, NotTrusted)
        assert "could not be verified" in str(walked.error) and "ca_file" in str(walked.error)
        assert found.qvoice.logins == 0


def test_a_certificate_of_another_host_is_not_trusted(authority, tmp_path):
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("elsewhere.example.test").configure_cert(context)
    with portal(ssl_context=context, settings={"ca_file": str(tmp_path / "ca.pem")}) as found:
        assert isinstance(found.walk().error, NotTrusted)


# Settings -------------------------------------------------------------------------------------------------------------
GOOD = {"portal_url": "https://portal.example:9443", "username": "u", "password": "p", "domain": "d", "account_id": "a"}


def test_settings_have_defaults():
    loaded = Settings().load(GOOD)
    assert (loaded["page_size"], loaded["poll_seconds"], loaded["timeout_seconds"]) == (1000, 60, 30)
    assert Client(Connection("q", "qvoice", settings=loaded))._patience.read == 30


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("portal_url", "portal.example:9443"),
        ("portal_url", "ftp://portal.example"),
        ("page_size", 0),
        ("account_id", "two words"),
        ("ca_file", "/nowhere/ca.pem"),
        ("ca_file", __file__),
        ("ca_file", "\0"),
        ("timeout_seconds", 0),
        ("hangup_causes", {"USER_BUSY": "engaged"}),
        ("verify", False),  # there is no way to switch verification off
    ],
)
def test_bad_settings_are_refused(name, value):
    with pytest.raises(ValidationError) as caught:
        Settings().load(GOOD | {name: value})
    assert list(caught.value.messages) == [name]


def test_every_code_of_an_answer_is_understood_as_one_kind_of_error(filled):
    kinds = Counter()
    for fault in ("bad_request", "forbidden", "not_found", "too_many", "server_error"):
        filled.fault(**{fault: {"path": "history"}})
        kinds[filled.walk().error.error_id] += 1
    assert kinds == {"asked_wrongly": 2, "credentials_refused": 1, "unavailable": 2}


def test_an_answer_that_trickles_in_ends_the_poll():
    soon = Patience(connect=0.5, read=1, whole=1.5, pauses=())
    with trickling(b"", b"HTTP/1.1 200 OK   ") as host, portal() as one:
        settings = {**one.connection.settings, "portal_url": f"http://{host}"}
        with pytest.raises(Unavailable, match="took longer than"):
            Client(replace(one.connection, settings=settings), soon).ask("/x", {}, bytes)
