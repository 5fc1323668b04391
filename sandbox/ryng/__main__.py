"""``python -m sandbox.ryng``: Ryng's traffic from a shell, against any receiver."""

import argparse
import json
import sys
import threading
import time

from sandbox.ryng import past
from sandbox.ryng.api import create_app
from sandbox.ryng.dialer import Ryng
from sandbox.ryng.faults import FAULTS
from sandbox.server import running, told_to_stop


def main(arguments: list[str] | None = None) -> None:
    """Place calls until told to stop, then print the ledger's totals as one line of JSON."""
    given = _parser().parse_args(arguments)
    stop = told_to_stop()
    faults = dict.fromkeys(FAULTS, given.chaos) | dict(given.fault) if given.chaos else dict(given.fault)
    more = {"first_call_id": given.first_id, "first_log_id": given.first_id, "keep": given.keep}
    with Ryng(given.time_scale, given.seed, faults, access_token=given.access_token, **more) as ryng:
        with running(create_app(ryng), port=given.port) as url:
            print(f"Ryng answers at {url}, its ledger is {url}/sandbox/ledger", file=sys.stderr)
            if given.past_days:
                past.start(ryng, given.connect_url, given.terminal_url, given.past_days, given.calls_a_day, stop)
            ryng.start_traffic(given.connect_url, given.terminal_url, given.calls_per_minute)
            stop.wait(given.seconds)
            ryng.stop_traffic()
            if given.drain:
                _drain(ryng, stop, given.drain)
        print(json.dumps(ryng.ledger.totals))


def _drain(ryng: Ryng, stop: threading.Event, seconds: float) -> None:
    """Let the calls that are on their way come to their end, unless told to stop once more."""
    stop.clear()
    until = time.monotonic() + seconds
    while not stop.is_set() and time.monotonic() < until:
        try:
            ryng.drain(timeout=0.5)
            return
        except TimeoutError:
            continue


def _fault(text: str) -> tuple[str, float]:
    name, _, chance = text.partition("=")
    if name not in FAULTS:
        raise argparse.ArgumentTypeError(f"there is no fault named {name!r}; there are {', '.join(FAULTS)}")
    return name, float(chance or 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m sandbox.ryng", description="Play Ryng: place calls, post callbacks.")
    parser.add_argument("--port", type=int, default=0, help="of its own HTTP side; 0: a free one (default)")
    parser.add_argument("--connect-url", required=True, help="where connect callbacks go")
    parser.add_argument("--terminal-url", required=True, help="where terminal callbacks go")
    parser.add_argument("--calls-per-minute", type=float, default=30, help="per minute of ours (default 30)")
    parser.add_argument("--time-scale", type=float, default=1, help="0.01: a minute of Ryng's takes 0.6 s (default 1)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed, the same calls (default 0)")
    parser.add_argument(
        "--first-id",
        type=int,
        default=int(time.time() * 1000),
        help="the first callID and callLogID (default: the present millisecond, so that no two runs share ids)",
    )
    parser.add_argument("--keep", type=int, default=50_000, help="so many calls and callbacks (default 50000)")
    parser.add_argument("--past-days", type=int, default=0, help="post the calls of so many days first (default 0)")
    parser.add_argument("--calls-a-day", type=int, default=20, help="of the past (default 20)")
    parser.add_argument("--seconds", type=float, help="stop placing calls after so long (default: when interrupted)")
    parser.add_argument("--drain", type=float, default=0, help="then wait so long for calls that are on their way")
    parser.add_argument("--fault", type=_fault, action="append", default=[], help="NAME=CHANCE, repeatable")
    parser.add_argument("--chaos", type=float, default=0, help="the chance of every fault that is not named")
    parser.add_argument("--access-token", default="sandbox-ryng-token", help="the x-access-token to accept")
    return parser


if __name__ == "__main__":
    main()
