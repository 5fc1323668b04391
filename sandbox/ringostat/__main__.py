"""``python -m sandbox.ringostat``: a Ringostat project on a port, with traffic of its own."""

import argparse
import sys

from sandbox import arguments
from sandbox.ringostat.api import create_app
from sandbox.ringostat.dialer import Ringostat
from sandbox.ringostat.webhooks import FORMATS, Webhook
from sandbox.server import running, told_to_stop


def main(arguments: list[str] | None = None) -> None:
    """Serve until told to stop."""
    given = _parser().parse_args(arguments)
    stop = told_to_stop()
    webhooks: tuple[Webhook, ...] = ()
    if given.webhook_url:
        before, after = (f"{given.webhook_url}?event={event}" for event in ("before_call", "after_call"))
        webhooks = (Webhook(before, "before_call", given.format), Webhook(after, "after_call", given.format))
    ringostat = Ringostat(given.project_id, given.auth_key, given.timezone, given.limit, webhooks, seed=given.seed)
    ringostat.furnish(given.past_calls, given.past_days, given.calls_a_day)
    with running(create_app(ringostat), port=given.port, host=given.host) as url:
        print(f"Ringostat answers at {url}, what it was given is at {url}/sandbox/ledger", file=sys.stderr)
        if given.calls_per_minute > 0:
            ringostat.start_traffic(given.calls_per_minute, given.missed, given.longest_call)
        stop.wait(given.seconds)
        ringostat.stop_traffic()


def _parser() -> argparse.ArgumentParser:
    parser = arguments.parser("ringostat", "Play Ringostat.", 9444)
    arguments.add_traffic(parser)
    arguments.add_past(parser)
    parser.add_argument("--webhook-url", help="where webhooks go (default: nowhere)")
    parser.add_argument("--format", choices=FORMATS, default="json", help="of the webhooks (default json)")
    parser.add_argument("--project-id", default="123", help="default 123")
    parser.add_argument("--auth-key", default="demo", help="default demo")
    parser.add_argument("--timezone", default="UTC", help="of the project (default UTC)")
    parser.add_argument("--limit", type=int, default=6500, help="calls in one answer (default 6500)")
    parser.add_argument("--longest-call", type=float, default=8, help="seconds (default 8)")
    parser.add_argument("--missed", type=float, default=0.1, help="of the calls, without a last webhook (default 0.1)")
    return parser


if __name__ == "__main__":
    main()
