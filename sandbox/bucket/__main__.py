"""``python -m sandbox.bucket``: a store on a port."""

import argparse
import sys

from sandbox.bucket.store import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, Store, create_app
from sandbox.server import running, told_to_stop


def main(arguments: list[str] | None = None) -> None:
    """Serve until told to stop."""
    given = _parser().parse_args(arguments)
    stop = told_to_stop()
    with running(create_app(Store()), None, given.port, given.host) as url:
        told = f"{url}, bucket {BUCKET}, region {REGION}, access key {ACCESS_KEY}, secret key {SECRET_KEY}"
        print(f"Objects are taken at {told}", file=sys.stderr)
        stop.wait()


def _parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser("python -m sandbox.bucket", description="Play an S3-compatible store.")
    found.add_argument("--port", type=int, default=9449, help="0: a free one (default 9449)")
    found.add_argument("--host", default="127.0.0.1", help="default 127.0.0.1")
    return found


if __name__ == "__main__":
    main()
