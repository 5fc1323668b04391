"""``python -m sandbox.jaicp``: a JAICP account on a port."""

import argparse
import sys
from pathlib import Path

from sandbox import arguments
from sandbox.jaicp.api import create_app
from sandbox.jaicp.book import Book
from sandbox.jaicp.dialer import Jaicp
from sandbox.server import running, told_to_stop


def main(arguments: list[str] | None = None) -> None:
    """Serve until told to stop."""
    given = _parser().parse_args(arguments)
    stop = told_to_stop()
    campaigns = {f"campaign-{at}": token for at, token in enumerate(given.token or ["demo"], 1)}
    jaicp = Jaicp(
        campaigns,
        given.time_scale,
        requests_per_minute=given.requests_per_minute,
        seed=given.seed,
        at_once=given.at_once,
        book=Book(given.book),
    )
    with running(create_app(jaicp), port=given.port, host=given.host) as url:
        print(f"JAICP answers at {url}, what it was asked is at {url}/sandbox/ledger", file=sys.stderr, flush=True)
        stop.wait(given.seconds)


def _parser() -> argparse.ArgumentParser:
    parser = arguments.parser("jaicp", "Play JAICP: call the numbers it is given.", 9444, "results")
    arguments.add_scale(parser, "a call of a minute")
    parser.add_argument("--token", action="append", help="a campaign's token; several make several (default demo)")
    parser.add_argument("--requests-per-minute", type=int, help="what is more is answered 429 (default: no limit)")
    parser.add_argument("--at-once", type=int, help="so many calls at a time, about (default: all)")
    parser.add_argument("--book", type=Path, help="a file that keeps its numbers when it is started again")
    return parser


if __name__ == "__main__":
    main()
