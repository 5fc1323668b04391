"""``python -m sandbox.salesforce``: a Salesforce org on a port, with leads and contacts."""

import sys

from sandbox import arguments
from sandbox.salesforce.account import CLIENT, FIELD, SECRET, Salesforce
from sandbox.salesforce.api import create_app
from sandbox.server import running, told_to_stop


def main(given_arguments: list[str] | None = None) -> None:
    """Serve until told to stop."""
    parser = arguments.parser("salesforce", "Play Salesforce: keep calls on leads and contacts.", 9450, "leads")
    parser.add_argument("--secret", default=SECRET, help=f"of the app {CLIENT} (default {SECRET})")
    parser.add_argument("--people", type=int, default=40, help="leads from the beginning (default 40)")
    parser.add_argument("--external-id", default=FIELD, help=f"our field of Tasks (default {FIELD}); '' for none")
    parser.add_argument("--zone", default="Asia/Kolkata", help="the org's (default Asia/Kolkata)")
    parser.add_argument("--search-delay", type=float, default=5, help="seconds by which search is late (default 5)")
    parser.add_argument("--limit", type=int, default=100_000, help="requests of 24 hours (default 100000)")
    parser.add_argument("--lifted", action="store_true", help="without that limit")
    given = parser.parse_args(given_arguments)
    stop = told_to_stop()
    org = Salesforce(
        given.external_id,
        given.zone,
        search_delay=given.search_delay,
        lifted=given.lifted,
        limit=given.limit,
        secret=given.secret,
        seed=given.seed,
    )
    org.furnish(given.people)
    with running(create_app(org), None, given.port, given.host, keeping=True) as url:
        print(
            f"Salesforce answers at {url} (client_id {CLIENT}, client_secret {given.secret}); people look at {url}/, "
            f"{url}/sandbox/ledger",
            file=sys.stderr,
        )
        stop.wait(given.seconds)


if __name__ == "__main__":
    main()
