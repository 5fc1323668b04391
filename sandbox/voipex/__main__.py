"""``python -m sandbox.voipex``: a VoIPEX account on a port, with a campaign that runs and posts webhooks."""

import argparse
import sys

from sandbox import arguments
from sandbox.server import running, told_to_stop
from sandbox.voipex.api import TOKEN_PATH, create_app
from sandbox.voipex.dialer import Voipex


def main(arguments: list[str] | None = None) -> None:
    """Serve until told to stop."""
    given = _parser().parse_args(arguments)
    stop = told_to_stop()
    voipex = Voipex(
        given.username,
        given.password,
        token_seconds=given.token_seconds,
        refresh_seconds=given.refresh_seconds,
        webhook_url=given.webhook_url,
        webhook_fields=dict(given.rename),
        time_scale=given.time_scale,
        seed=given.seed,
    )
    voipex.furnish()
    with running(create_app(voipex), None, given.port, given.host) as url:
        print(f"VoIPEX answers at {url}, gives tokens at {url}{TOKEN_PATH}; {url}/sandbox/ledger", file=sys.stderr)
        if given.calls_per_minute > 0:
            voipex.start_traffic(given.calls_per_minute)
        stop.wait(given.seconds)
        voipex.close()


def _parser() -> argparse.ArgumentParser:
    parser = arguments.parser("voipex", "Play VoIPEX: make campaigns, post webhooks.", 9445)
    arguments.add_traffic(parser)
    arguments.add_scale(parser, "a minute of a call")
    parser.add_argument("--username", default="demo", help="default demo")
    parser.add_argument("--password", default="demo", help="default demo")
    parser.add_argument("--webhook-url", help="where webhooks are posted; none without it")
    parser.add_argument("--token-seconds", type=float, default=3000, help="how long a token lives (default 3000)")
    parser.add_argument("--refresh-seconds", type=float, default=7200, help="and a refresh token (default 7200)")
    parser.add_argument(
        "--rename", type=_pair, action="append", default=[], help="a webhook's key, such as UniqueId=id; repeatable"
    )
    return parser


def _pair(written: str) -> tuple[str, str]:
    """``UniqueId=id`` as (documented key, key that is posted)."""
    documented, found, posted = written.partition("=")
    if not (documented and found and posted):
        raise argparse.ArgumentTypeError("must be such as UniqueId=id")
    return documented, posted


if __name__ == "__main__":
    main()
