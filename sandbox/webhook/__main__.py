"""``python -m sandbox.webhook``: somebody who takes signed webhooks on a port."""

import argparse
import sys

from sandbox import arguments
from sandbox.server import running, told_to_stop
from sandbox.webhook.api import PATH, create_app
from sandbox.webhook.receiver import SECRET, Receiver


def main(arguments: list[str] | None = None) -> None:
    """Serve until told to stop."""
    given = _parser().parse_args(arguments)
    stop = told_to_stop()
    receiver = Receiver(given.secret or [SECRET])
    with running(create_app(receiver), None, given.port, given.host, keeping=True) as url:
        print(f"Webhooks are taken at {url}{PATH}; people look at {url}/, {url}/sandbox/ledger", file=sys.stderr)
        stop.wait(given.seconds)


def _parser() -> argparse.ArgumentParser:
    parser = arguments.parser("webhook", "Play somebody who takes signed webhooks.", 9447)
    parser.add_argument(
        "--secret", action="append", help="whsec_...; repeatable, each may have signed (default: one for demos)"
    )
    return parser


if __name__ == "__main__":
    main()
