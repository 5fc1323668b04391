"""``python -m sandbox.qvoice``: a QVoice tenant on a port, with traffic of its own."""

import argparse
import ssl
import sys

from sandbox import arguments
from sandbox.qvoice.api import create_app
from sandbox.qvoice.dialer import QVoice
from sandbox.server import running, told_to_stop


def main(arguments: list[str] | None = None) -> None:
    """Serve until told to stop."""
    given = _parser().parse_args(arguments)
    stop = told_to_stop()
    qvoice = QVoice(
        given.username,
        given.password,
        given.domain,
        given.account_id,
        token_seconds=given.token_seconds,
        time_scale=given.time_scale,
        seed=given.seed,
    )
    qvoice.furnish(past_calls=given.past_calls, past_days=given.past_days, calls_a_day=given.calls_a_day)
    context = None
    if given.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(given.certificate, given.key)
    with running(create_app(qvoice), context, given.port, given.host) as url:
        print(f"QVoice answers at {url}, what it was asked is at {url}/sandbox/ledger", file=sys.stderr)
        if given.calls_per_minute > 0:
            qvoice.start_traffic(given.calls_per_minute)
        stop.wait(given.seconds)
        qvoice.stop_traffic()


def _parser() -> argparse.ArgumentParser:
    parser = arguments.parser("qvoice", "Play QVoice: fill reports to be polled.", 9443)
    arguments.add_traffic(parser)
    arguments.add_past(parser)
    arguments.add_scale(parser, "a minute of wrap-up")
    for name in ("username", "password", "domain", "account-id"):
        parser.add_argument(f"--{name}", default="demo", help="default demo")
    parser.add_argument("--token-seconds", type=float, default=3600, help="how long a token lives (default 3600)")
    parser.add_argument("--certificate", help="a PEM file, to serve HTTPS")
    parser.add_argument("--key", help="its private key, where the file does not hold it")
    return parser


if __name__ == "__main__":
    main()
