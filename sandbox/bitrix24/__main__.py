"""``python -m sandbox.bitrix24``: a Bitrix24 portal on a port, with leads."""

import sys

from sandbox import arguments
from sandbox.bitrix24.account import WEBHOOK, Portal
from sandbox.bitrix24.api import create_app
from sandbox.server import running, told_to_stop


def main(given_arguments: list[str] | None = None) -> None:
    """Serve until told to stop."""
    parser = arguments.parser("bitrix24", "Play Bitrix24: keep calls on leads, deals, contacts.", 9452, "leads")
    parser.add_argument("--webhook", default=WEBHOOK, help=f"the secret of the inbound webhook (default {WEBHOOK})")
    parser.add_argument("--leads", type=int, default=40, help="so many from the beginning (default 40)")
    parser.add_argument("--search-delay", type=float, default=1, help="seconds by which search is late (default 1)")
    parser.add_argument("--lifted", action="store_true", help="without limits")
    given = parser.parse_args(given_arguments)
    stop = told_to_stop()
    portal = Portal(given.webhook, search_delay=given.search_delay, lifted=given.lifted, seed=given.seed)
    portal.furnish(given.leads)
    with running(create_app(portal), None, given.port, given.host, keeping=True) as url:
        app = portal.app
        print(
            f"Bitrix24 answers at {url} (webhook {url}/rest/1/{given.webhook}/; app {app.id}, {app.secret}, "
            f"{next(iter(app.refreshes))}, whose tokens are renewed there, too); people look at {url}/, {url}/sandbox/ledger",
            file=sys.stderr,
        )
        stop.wait(given.seconds)


if __name__ == "__main__":
    main()
