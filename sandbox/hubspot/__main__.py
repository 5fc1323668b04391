"""``python -m sandbox.hubspot``: a HubSpot account on a port, with contacts."""

import argparse
import json
import sys
from pathlib import Path

from sandbox import arguments
from sandbox.hubspot.account import TOKEN, Hubspot
from sandbox.hubspot.api import create_app
from sandbox.server import running, told_to_stop


def main(arguments: list[str] | None = None) -> None:
    """Serve until told to stop."""
    given = _parser().parse_args(arguments)
    stop = told_to_stop()
    hubspot = Hubspot(
        given.token,
        portal_id=given.portal,
        zone=given.zone,
        country=given.country,
        search_delay=given.search_delay,
        lifted=given.lifted,
        seed=given.seed,
    )
    hubspot.furnish(given.contacts)
    if given.contacts_file:
        hubspot.add_contacts(json.loads(line) for line in given.contacts_file.read_text("utf-8").splitlines())
    if given.unique_property:
        hubspot.add_property("calls", given.unique_property, unique=True)
    with running(create_app(hubspot), None, given.port, given.host, keeping=True) as url:
        print(
            f"HubSpot answers at {url} (token {given.token}); people look at {url}/, {url}/sandbox/ledger",
            file=sys.stderr,
        )
        stop.wait(given.seconds)


def _parser() -> argparse.ArgumentParser:
    parser = arguments.parser("hubspot", "Play HubSpot: keep calls on contacts.", 9446, "contacts")
    parser.add_argument("--token", default=TOKEN, help=f"default {TOKEN}")
    parser.add_argument("--portal", type=int, default=45678901, help="the account's number (default 45678901)")
    parser.add_argument(
        "--zone", default="Asia/Kolkata", help="a day's quota ends at its midnight (default Asia/Kolkata)"
    )
    parser.add_argument("--country", default="IN", help="of numbers without a country code (default IN)")
    parser.add_argument("--contacts", type=int, default=40, help="so many from the beginning (default 40)")
    parser.add_argument("--contacts-file", type=Path, help="a contact's properties, and its id, in each line of JSON")
    parser.add_argument("--unique-property", help="a property of calls that is there from the beginning")
    parser.add_argument("--search-delay", type=float, default=5, help="seconds by which search is late (default 5)")
    parser.add_argument("--lifted", action="store_true", help="without limits of requests")
    return parser


if __name__ == "__main__":
    main()
