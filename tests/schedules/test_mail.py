"""Towards a mail server: encrypted, signed in, and nothing of a secret in a sentence."""

from base64 import b64decode
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest

from lib.http.errors import CredentialsRefused, Declined, NotTrusted, Unavailable
from lib.mail import STARTTLS, smtp
from rig.ports import free_port
from sandbox.mail.server import Mailbox, running
from tests.schedules.rig import OPS, mail_of


def letter(text="hello") -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["Message-ID"] = "Daily", "<1@example.com>"
    message.set_content(text)
    return message


def test_lines_that_begin_with_a_dot_stay(box):
    smtp.send(mail_of(box.port), letter(".hidden\r\n..two\r\nlast\r\n"), [OPS])
    ((_, taken),) = box.taken
    assert taken.get_content().splitlines() == [".hidden", "..two", "last"]


@pytest.mark.parametrize(
    "subject",
    [
        "v2 №2 відділ Agents продажі київ (all) — недозвони: 2026-11-18 09:00 +0200 (Europe/Kyiv)",
        "недозвони операторів (all): 2026-11-18 09:00 +0200 (Europe/Kyiv)",
        "Abo actualités digitales 20 semaines d’abonnement à 24 heures, Bilan, Tribune de Genève et tous les titres",
        "по — відділ щотижня " * 20,
        "Daily",
    ],
)
def test_a_subject_arrives_with_its_blanks_in_words_that_every_server_takes(box, subject):
    """Python's own folding loses some, or writes words of which RFC 2047 knows nothing."""
    message = letter()
    message.replace_header("Subject", subject)
    smtp.send(mail_of(box.port), message, [OPS])
    ((_, taken),) = box.taken
    head = taken.as_bytes(policy=policy.SMTP.clone(refold_source="none")).partition(b"\r\n\r\n")[0]
    assert str(make_header(decode_header(taken.get("Subject", "")))).strip() == subject.strip()
    assert head.isascii() and b"?==?" not in head and all(len(line) <= 78 for line in head.split(b"\r\n"))


def test_signed_in_over_starttls(authority, tls, tmp_path):
    box = Mailbox()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    own = {"tls": STARTTLS, "user": "wrapup", "password": "secret-word", "ca_file": str(tmp_path / "ca.pem")}
    with running(box, tls=tls) as port:
        smtp.send(mail_of(port, **own), letter(), [OPS])
        assert len(box.taken) == len(box.signed_in) == 1
        with pytest.raises(NotTrusted):
            smtp.send(mail_of(port, **own | {"ca_file": None}), letter(), [OPS])
        box.faults |= {"no_sign_in"}
        with pytest.raises(CredentialsRefused) as refused:
            smtp.send(mail_of(port, **own), letter(), [OPS])
        assert "535 wrong user or password" in str(refused.value) and "secret-word" not in str(refused.value)
    assert len(box.taken) == 1


def test_a_server_without_starttls_is_told_nothing(box):
    with pytest.raises(Declined, match="offers no STARTTLS"):
        smtp.send(mail_of(box.port, tls=STARTTLS, user="wrapup", password="secret-word"), letter(), [OPS])
    assert box.signed_in == box.taken == []


def test_a_name_and_a_password_beyond_ascii_are_utf_8():
    """RFC 4616; smtplib would have none of it."""
    box = Mailbox()
    with running(box) as port:
        smtp.send(mail_of(port, user="Mail-Benutzer-\u00e4", password="pass-w\u00f6rd-\u20ac"), letter(), [OPS])
    assert [b64decode(one).decode() for one in box.signed_in] == ["\0Mail-Benutzer-\u00e4\0pass-w\u00f6rd-\u20ac"]


def test_a_server_that_takes_tokens_alone_is_said_to():
    box = Mailbox(faults={"tokens_alone"})
    with running(box) as port, pytest.raises(Declined, match="in a way that Wrapup knows"):
        smtp.send(mail_of(port, user="wrapup", password="secret-word"), letter(), [OPS])
    assert box.signed_in == box.taken == []


def test_nobody_there():
    with pytest.raises(Unavailable, match="could not be reached"):
        smtp.send(mail_of(free_port()), letter(), [OPS])


@pytest.mark.parametrize(
    ("name", "greeted"),
    [
        ("wrapup-worker-1.wrapup_default", "["),  # as Docker calls a container
        ("wrapup", "["),
        ("mx-1.example.com", "mx-1.example.com"),
    ],
)
def test_a_server_is_greeted_with_a_name_that_it_takes(box, monkeypatch, name, greeted):
    monkeypatch.setattr("socket.getfqdn", lambda *_: name)
    smtp.send(mail_of(box.port), letter(), [OPS])
    assert len(box.taken) == 1 and box.greeted[0].startswith(greeted)
