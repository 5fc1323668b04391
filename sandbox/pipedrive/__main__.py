"""``python -m sandbox.pipedrive``: a Pipedrive company on a port, with persons, leads and deals."""

import sys

from sandbox import arguments
from sandbox.pipedrive.account import TOKEN, Pipedrive
from sandbox.pipedrive.api import create_app
from sandbox.server import running, told_to_stop


def main(given_arguments: list[str] | None = None) -> None:
    """Serve until told to stop."""
    parser = arguments.parser("pipedrive", "Play Pipedrive: keep calls on persons, leads and deals.", 9447, "persons")
    parser.add_argument("--token", default=TOKEN, help=f"default {TOKEN}")
    parser.add_argument("--company", type=int, default=66660666, help="the company's number (default 66660666)")
    parser.add_argument("--persons", type=int, default=40, help="so many from the beginning (default 40)")
    parser.add_argument("--search-delay", type=float, default=5, help="seconds by which search is late (default 5)")
    parser.add_argument("--lifted", action="store_true", help="without limits of requests and tokens")
    given = parser.parse_args(given_arguments)
    stop = told_to_stop()
    pipedrive = Pipedrive(
        given.token,
        company_id=given.company,
        search_delay=given.search_delay,
        lifted=given.lifted,
        seed=given.seed,
    )
    pipedrive.furnish(given.persons)
    with running(create_app(pipedrive), None, given.port, given.host, keeping=True) as url:
        print(
            f"Pipedrive answers at {url} (token {given.token}); people look at {url}/, {url}/sandbox/ledger",
            file=sys.stderr,
        )
        stop.wait(given.seconds)


if __name__ == "__main__":
    main()
