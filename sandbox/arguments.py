"""What a dialer of the sandbox is told on its command line: what means the same at several has the same name at each."""

import argparse


def parser(dialer: str, plays: str, port: int, seeded: str = "calls") -> argparse.ArgumentParser:
    """Of ``python -m sandbox.<dialer>``, with what every dialer is told."""
    found = argparse.ArgumentParser(f"python -m sandbox.{dialer}", description=plays)
    found.add_argument("--port", type=int, default=port, help=f"0: a free one (default {port})")
    found.add_argument("--host", default="127.0.0.1", help="default 127.0.0.1")
    found.add_argument("--seed", type=int, default=0, help=f"the same seed, the same {seeded} (default 0)")
    found.add_argument("--seconds", type=float, help="stop after so long (default: when interrupted)")
    return found


def add_traffic(found: argparse.ArgumentParser) -> None:
    found.add_argument("--calls-per-minute", type=float, default=30, help="0: none (default 30)")


def add_days(found: argparse.ArgumentParser) -> None:
    found.add_argument("--past-days", type=int, default=0, help="with calls of so many days (default 0)")
    found.add_argument("--calls-a-day", type=int, default=20, help="of the past (default 20)")


def add_past(found: argparse.ArgumentParser) -> None:
    found.add_argument("--past-calls", type=int, default=20, help="calls of the last hours (default 20)")
    add_days(found)


def add_scale(found: argparse.ArgumentParser, example: str) -> None:
    found.add_argument("--time-scale", type=float, default=1, help=f"0.1: {example} takes 6 s (default 1)")
