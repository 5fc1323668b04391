"""``python -m sandbox.zoho``: a Zoho CRM account on a port, with leads and contacts."""

import sys

from sandbox import arguments
from sandbox.server import running, told_to_stop
from sandbox.zoho.account import Zoho
from sandbox.zoho.api import create_app


def main(given_arguments: list[str] | None = None) -> None:
    """Serve until told to stop."""
    parser = arguments.parser("zoho", "Play Zoho CRM: keep calls on leads and contacts.", 9449, "leads")
    parser.add_argument("--org", default="60001", help="the account's number (default 60001)")
    parser.add_argument("--center", default="com", help="its data centre (default com)")
    parser.add_argument("--leads", type=int, default=40, help="so many from the beginning (default 40)")
    parser.add_argument("--unique-field", help="a field of calls that is there from the beginning")
    parser.add_argument("--search-delay", type=float, default=5, help="seconds by which search is late (default 5)")
    parser.add_argument("--lifted", action="store_true", help="without limits of credits and tokens")
    given = parser.parse_args(given_arguments)
    stop = told_to_stop()
    zoho = Zoho(given.org, given.center, search_delay=given.search_delay, lifted=given.lifted, seed=given.seed)
    zoho.furnish(given.leads)
    if given.unique_field:
        zoho.add_field("Calls", given.unique_field, "text", unique=True)
    with running(create_app(zoho), None, given.port, given.host, keeping=True) as url:
        print(
            f"Zoho answers at {url} (client {zoho.app.id}, secret {zoho.app.secret}, refresh token {zoho.app.refresh}); "
            f"people look at {url}/, {url}/sandbox/ledger",
            file=sys.stderr,
        )
        stop.wait(given.seconds)


if __name__ == "__main__":
    main()
