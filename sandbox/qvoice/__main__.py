"""``python -m sandbox.qvoice``: a QVoice tenant on a port, with traffic of its own."""

import argparse
import ssl
import sys

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
    parser = argparse.ArgumentParser("python -m sandbox.qvoice", description="Play QVoice: fill reports to be polled.")
    parser.add_argument("--port", type=int, default=9443, help="0: a free one (default 9443)")
    parser.add_argument("--host", default="127.0.0.1", help="default 127.0.0.1")
    for name in ("username", "password", "domain", "account-id"):
        parser.add_argument(f"--{name}", default="demo", help="default demo")
    parser.add_argument("--calls-per-minute", type=float, default=30, help="0: none (default 30)")
    parser.add_argument("--past-calls", type=int, default=20, help="calls of the last hours (default 20)")
    parser.add_argument("--past-days", type=int, default=0, help="with calls of so many days (default 0)")
    parser.add_argument("--calls-a-day", type=int, default=20, help="of the past (default 20)")
    parser.add_argument("--time-scale", type=float, default=1, help="0.1: a minute of wrap-up takes 6 s (default 1)")
    parser.add_argument("--token-seconds", type=float, default=3600, help="how long a token lives (default 3600)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed, the same calls (default 0)")
    parser.add_argument("--seconds", type=float, help="stop after so long (default: when interrupted)")
    parser.add_argument("--certificate", help="a PEM file, to serve HTTPS")
    parser.add_argument("--key", help="its private key, where the file does not hold it")
    return parser


if __name__ == "__main__":
    main()
