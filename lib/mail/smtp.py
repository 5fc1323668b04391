"""One mail to an SMTP server. Up to the end of its text nothing was taken; from then on it may have been.

RFC 5321, section 4.2: 2yz is done, 4yz not now, 5yz not at all. A server that hangs up, or says nothing, after the last dot
leaves it open whether it will deliver (section 6.1: it then must, and may have no way to say so).
"""

import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy

from lib import masking
from lib import text as texts
from lib.http.deadlines import Deadline
from lib.http.errors import CredentialsRefused, Declined, ExchangeError, NotTrusted, Unavailable, Uncertain
from lib.mail import STARTTLS, TLS, Mail

LONGEST_SAID = 300  # characters of a server's words


class TooLarge(Declined):
    """The server takes no mail of this size (RFC 1870); a smaller one may be taken."""


@dataclass(frozen=True)
class Taken:
    """Address -> what the server said of those that it refused; it took the mail for all others."""

    refused: Mapping[str, str]


def send(mail: Mail, message: EmailMessage, to: Sequence[str]) -> Taken:
    """Hand it over for all that are named. Raises Uncertain where it may have been taken all the same, else CredentialsRefused,
    Declined (TooLarge among it), Unavailable."""
    body = message.as_bytes(policy=_AS_SENT)
    where = f"{mail.host}:{mail.port}"
    with Deadline(mail.altogether) as deadline:
        handing = _Handing(mail, deadline)
        try:
            return handing.run(body, to)
        except (OSError, smtplib.SMTPException) as error:
            # smtplib calls a time-out a line that was closed.
            late = deadline.passed or any(isinstance(one, TimeoutError) for one in (error, error.__context__))
            raise _meant(error, handing.left, late, where, mail.password) from None
        finally:
            handing.close()


class _Written(EmailPolicy):
    """Python folds a subject that is no ASCII at its blanks, and loses some of them; from 3.12.5 on it may write two encoded
    words without one between them, which some servers refuse (https://github.com/python/cpython/issues/92081 and 144156). So
    that is written as encoded words from its beginning to its end, with the blanks in them."""

    def fold_binary(self, name: str, value: str) -> bytes:
        text = str(value)
        if name.lower() != "subject" or text.isascii():
            return super().fold_binary(name, value)
        words = Header(text, "utf-8", header_name=name).encode(linesep=self.linesep)
        return f"{name}: {words}{self.linesep}".encode("ascii")


_AS_SENT = _Written(linesep="\r\n", cte_type="7bit")  # as every server takes it


class _Handing:
    """``left``: whether the text is on its way."""

    def __init__(self, mail: Mail, deadline: Deadline):
        self._mail = mail
        self._deadline = deadline
        self._line: smtplib.SMTP | None = None
        self.left = False

    def run(self, body: bytes, to: Sequence[str]) -> Taken:
        line = self._line = self._opened()
        most = line.esmtp_features.get("size")
        if most and most.isdigit() and 0 < int(most) < len(body):
            raise TooLarge(f"{self._mail.host} takes mail of {int(most):,} bytes at most; this has {len(body):,}.")
        size = () if most is None else (f"size={len(body)}",)
        _expect(line.mail(self._mail.sender, size), "the sender")
        refused = {}
        for one in to:
            code, said = line.rcpt(one)
            if code not in (250, 251):
                refused[one] = _words(code, said)
        if len(refused) == len(to):
            first = next(iter(refused.values()))
            kind = Unavailable if all(words.startswith("4") for words in refused.values()) else Declined
            raise kind(f"{self._mail.host} takes mail for none of the recipients: {first}.")
        code, said = line.docmd("DATA")
        _expect((code, said), "the mail", 354)
        self.left = True
        line.send(_dotted(body))
        code, said = line.getreply()
        if code != 250:
            self.left = False
            _expect((code, said), "the mail")
        return Taken(refused)

    def _opened(self) -> smtplib.SMTP:
        mail, context = self._mail, ssl.create_default_context(cafile=self._mail.ca_file)
        line = self._line = _Watched(self._deadline, mail, context if mail.tls == TLS else None)
        _expect(line.connect(mail.host, mail.port), "us", 220)
        line.ehlo_or_helo_if_needed()
        if mail.tls == STARTTLS:
            line.starttls(context=context)
            line.ehlo_or_helo_if_needed()
        if mail.user and mail.password is not None:
            line.login(mail.user, _InUtf8(mail.password))
        return line

    def close(self) -> None:
        if self._line is not None:
            self._line.close()


class _Watched(smtplib.SMTP):
    """A line that ends when the deadline passes, however it trickles."""

    def __init__(self, deadline: Deadline, mail: Mail, tls: ssl.SSLContext | None):
        self._deadline = deadline
        self._tls = tls
        super().__init__(local_hostname=_own_name(socket.getfqdn()), timeout=mail.seconds)
        self._host = mail.host  # what STARTTLS compares the certificate with

    def auth(
        self, mechanism: str, authobject: Callable[..., str | None], *, initial_response_ok: bool = True
    ) -> tuple[int, bytes]:
        def said(*challenge: bytes) -> str | None:
            answer = authobject(*challenge)
            return None if answer is None else _InUtf8(answer)

        return super().auth(mechanism, said, initial_response_ok=initial_response_ok)  # type: ignore[arg-type]  # None is taken

    def _get_socket(self, host: str, port: int, timeout: float) -> object:
        line = super()._get_socket(host, port, timeout)  # type: ignore[misc]  # typeshed leaves it out
        self._deadline.watch(line)
        return line if self._tls is None else self._tls.wrap_socket(line, server_hostname=host)


def _own_name(name: str) -> str:
    """How we greet a server: by this host's name where it is one of the DNS, else by an address (RFC 5321, 4.1.4). Those of
    containers have underscores, as ``wrapup-worker-1.wrapup_default``, and many a server refuses whoever greets so."""
    if _HOST.fullmatch(name):
        return name
    try:
        return f"[{socket.gethostbyname(socket.gethostname())}]"
    except OSError:
        return "[127.0.0.1]"


_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})+")


class _InUtf8(str):
    """What smtplib encodes as ASCII, and fails to: names and passwords are UTF-8 (RFC 4616, section 2)."""

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return super().encode("utf-8", errors)


def _expect(answered: tuple[int, bytes], what: str, wanted: int = 250) -> None:
    """Raises Unavailable or Declined where the server said something else."""
    code, said = answered
    if code == wanted:
        return
    if code == -1:
        raise smtplib.SMTPServerDisconnected
    kind = TooLarge if code == 552 else Unavailable if 400 <= code < 500 else Declined
    raise kind(f"The mail server refused {what}: {_words(code, said)}.")


def _meant(
    error: OSError | smtplib.SMTPException, left: bool, late: bool, where: str, password: str | None
) -> ExchangeError:
    if left:
        why = (
            "did not say in time whether it took the mail"
            if late
            else "hung up before it said whether it took the mail"
        )
        return Uncertain(f"{where} {why}.")
    if isinstance(error, smtplib.SMTPAuthenticationError):
        words = masking.masked(_words(error.smtp_code, error.smtp_error), [password or ""])
        return CredentialsRefused(f"{where} refused user and password: {words}.")
    if isinstance(error, ssl.SSLCertVerificationError):
        return NotTrusted(f"The certificate of {where} could not be verified ({error.verify_message.rstrip('.')}).")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Declined(f"{where} cannot do what the settings ask for: it offers no STARTTLS, or no sign-in.")
    if isinstance(error, smtplib.SMTPResponseException):
        kind = Unavailable if 400 <= error.smtp_code < 500 else Declined
        return kind(f"{where} refused us: {_words(error.smtp_code, error.smtp_error)}.")
    if late:
        return Unavailable(f"{where} was silent for too long; the mail was not handed over.")
    if isinstance(error, ssl.SSLError):
        return Unavailable(f"The TLS connection to {where} failed. Check port and tls.")
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return Unavailable(f"{where} hung up; the mail was not handed over.")
    if type(error) is smtplib.SMTPException:  # what smtplib says of a sign-in alone
        return Declined(f"{where} takes no user and password in a way that Wrapup knows (PLAIN, LOGIN, CRAM-MD5).")
    return Unavailable(f"{where} could not be reached: {error.strerror or type(error).__name__}.")


def _words(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return texts.visible(" ".join(f"{code} {text}".split()))[:LONGEST_SAID].rstrip(".")


def _dotted(body: bytes) -> bytes:
    """With its end, and lines that begin with a dot made none (section 4.5.2)."""
    text = body if body.endswith(b"\r\n") else body + b"\r\n"
    return text.replace(b"\r\n.", b"\r\n..") + b".\r\n"
