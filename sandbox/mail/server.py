"""An SMTP server over sockets, as RFC 5321 has it. What it took is kept, with how often each Message-ID came.

Faults: ``busy`` (421 at once), ``no_sign_in`` (535), ``tokens_alone`` (OAuth's, and no password), ``no_recipient`` (550 to
those in ``refused``, or to all), ``later`` (450 to the same), ``full`` (452 to the mail), ``spam`` (554 to the mail), ``hang``
(no word after the connection), ``hang_recipient`` (no word after one), ``hang_after`` (the mail is taken, and no word), both at
those in ``refused``, or at all; ``drop_half`` (it hangs up in the middle of the mail), ``drop_after`` (the mail is taken, and
it hangs up), ``unsaid_size`` (what is larger than ``size`` is refused after its text alone, with 552).
"""

import re
import socketserver
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

_GREETING = re.compile(r"[A-Za-z0-9.-]+|\[[0-9A-Fa-f.:]+\]")

FAULTS = (
    "busy",
    "no_sign_in",
    "tokens_alone",
    "no_recipient",
    "later",
    "full",
    "spam",
    "hang",
    "hang_recipient",
    "hang_after",
    "drop_half",
    "drop_after",
    "unsaid_size",
)


@dataclass
class Mailbox:
    """What came. ``faults`` holds those that are on; ``size``: bytes of the largest mail that is taken, as RFC 1870 has it."""

    faults: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    size: int | None = None
    taken: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    delay: float = 0.0  # seconds between taking a mail and saying so
    signed_in: list[str] = field(default_factory=list)
    greeted: list[str] = field(default_factory=list)  # with what, each time
    hung: list[str] = field(default_factory=list)  # recipients of whom no word was said
    over: threading.Event = field(default_factory=threading.Event)

    def times(self) -> Counter[str]:
        """Message-ID -> how often a mail with it was taken."""
        return Counter(str(mail["Message-ID"]).strip() for _, mail in list(self.taken))

    def strikes(self, fault: str, to: list[str]) -> bool:
        """Whether it is on, and meets one of them."""
        return fault in self.faults and (not self.refused or not self.refused.isdisjoint(to))

    def keep(self, to: list[str], body: bytes) -> None:
        self.taken.append((to, message_from_bytes(body, policy=policy.default)))


class _Line(socketserver.StreamRequestHandler):
    """One connection."""

    timeout = 30
    box: Mailbox
    tls: ssl.SSLContext | None

    def handle(self) -> None:
        try:
            self._talk()
        except OSError:  # the other side has hung up
            return

    def _talk(self) -> None:
        box, faults = self.box, self.box.faults
        if "hang" in faults:
            box.over.wait(60)
            return
        if "busy" in faults:
            return self._say("421 too busy")
        self._say("220 sandbox ESMTP")
        to: list[str] = []
        while line := self.rfile.readline(2_000):
            words = line.decode("utf-8", "replace").strip()
            verb = words[:4].upper()
            if verb in ("EHLO", "HELO"):
                box.greeted.append(words[5:])
            if verb in ("EHLO", "HELO") and not _GREETING.fullmatch(words[5:]):
                self._say("501 syntactically invalid argument")  # as Exim does
            elif verb == "EHLO":
                more = ["250-STARTTLS"] if self.tls and not isinstance(self.request, ssl.SSLSocket) else []
                more += [f"250-SIZE {box.size}"] if box.size and "unsaid_size" not in faults else []
                ways = "XOAUTH2" if "tokens_alone" in faults else "PLAIN"
                self._say("250-sandbox", *more, f"250-AUTH {ways}", "250 8BITMIME")
            elif verb == "MAIL":
                told = words.lower().partition(" size=")[2].partition(" ")[0]
                too_large = box.size and told.isdigit() and int(told) > box.size
                self._say("552 message is too large" if too_large else "250 ok")
            elif verb == "STAR" and self.tls:
                self._say("220 go on")
                self.request = self.tls.wrap_socket(self.request, server_side=True)
                self.setup()
            elif verb == "AUTH":
                box.signed_in.append(words.rpartition(" ")[2])
                self._say("535 wrong user or password" if "no_sign_in" in faults else "235 welcome")
            elif verb == "RCPT":
                address = words.partition("<")[2].rpartition(">")[0]
                if box.strikes("hang_recipient", [address]):
                    return self._hang([address])
                gone, later = (box.strikes(fault, [address]) for fault in ("no_recipient", "later"))
                to += [] if gone or later else [address]
                self._say("550 no such mailbox" if gone else "450 come back later" if later else "250 ok")
            elif verb == "DATA":
                if not self._take(to):
                    return
                to = []
            elif verb == "QUIT":
                return self._say("221 bye")
            else:
                self._say("250 ok")

    def _take(self, to: list[str]) -> bool:
        """The mail's text; False where the line is closed now."""
        box, faults = self.box, self.box.faults
        self._say("354 go on")
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
            if "drop_half" in faults and len(lines) > 5:
                return False
        if line == b"":
            return False
        if "full" in faults or "spam" in faults:
            self._say("452 no room" if "full" in faults else "554 looks like spam")
            return True
        if box.size and sum(map(len, lines)) > box.size:
            self._say("552 message is too large")
            return True
        box.keep(to, b"".join(lines))
        if box.delay:
            time.sleep(box.delay)
        hangs = box.strikes("hang_after", to)
        if hangs:
            self._hang(to)
        if hangs or "drop_after" in faults:
            return False
        self._say("250 taken")
        return True

    def _hang(self, to: list[str]) -> None:
        self.box.hung += to
        self.box.over.wait(60)

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False


@contextmanager
def running(box: Mailbox, port: int = 0, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve in threads while the block runs; gives the port. ``tls``: it offers STARTTLS."""
    line = type("Line", (_Line,), {"box": box, "tls": tls})
    with _Server((host, port), line) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="sandbox-mail", daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            box.over.set()
            server.shutdown()
            thread.join(5.0)
