"""``python -m sandbox.mail``: a mail server on a port, which prints what it takes."""

import argparse
import sys
from email.message import EmailMessage
from pathlib import Path

from lib import clock
from sandbox.mail.server import FAULTS, Mailbox, running
from sandbox.server import told_to_stop


def main(arguments: list[str] | None = None) -> None:
    """Serve until told to stop."""
    given = _parser().parse_args(arguments)
    stop, box, shown = told_to_stop(), Mailbox(faults=set(given.fault), size=given.size), 0
    with running(box, given.port, given.host) as port:
        print(f"Mail is taken at {given.host}:{port}, without TLS", file=sys.stderr)
        while not stop.wait(0.5):
            for to, mail in box.taken[shown:]:
                print(f"{', '.join(to)}: {mail['Subject']} {mail['Message-ID']}", flush=True)
                if given.folder:
                    _keep(given.folder, mail)
            shown = len(box.taken)


def _keep(folder: Path, mail: EmailMessage) -> None:
    """As it came, and beside it what a browser and a spreadsheet open: its page and its files."""
    folder.mkdir(parents=True, exist_ok=True)
    came = f"{clock.now():%Y-%m-%d-%H%M%S-%f}"
    (folder / f"{came}.eml").write_bytes(mail.as_bytes())
    if (page := mail.get_body(("html",))) is not None:
        (folder / f"{came}.html").write_text(page.get_content(), encoding="utf-8")
    for file in mail.iter_attachments():
        body = file.get_payload(decode=True)
        if isinstance(body, bytes):
            (folder / f"{came}-{Path(file.get_filename() or 'file').name}").write_bytes(body)


def _parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser("python -m sandbox.mail", description="Play a mail server.")
    found.add_argument("--port", type=int, default=9448, help="0: a free one (default 9448)")
    found.add_argument("--host", default="127.0.0.1", help="default 127.0.0.1")
    found.add_argument("--folder", type=Path, help="where mails are kept, to be looked at")
    found.add_argument("--fault", action="append", default=[], choices=FAULTS, help="repeatable")
    found.add_argument("--size", type=int, help="bytes of the largest mail that is taken")
    return found


if __name__ == "__main__":
    main()
