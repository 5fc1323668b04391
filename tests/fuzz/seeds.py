"""Where the fuzzers begin: the dialers' payload files, and a few requests and bodies of other shapes."""

import json
from pathlib import Path

from dialers.registry import DIALERS
from dialers.vocabulary import FACTS
from tests.fuzz import nasty
from tests.fuzz.targets import PARTS, TARGETS

PAYLOADS = Path(__file__).parents[1] / "payloads"
FOUND = Path(__file__).parent / "found"

REQUESTS = (
    b'POST\t/callbacks/ryng-main/s3cret-token/terminal\t\t9\t3\t\tContent-Type: application/json\n{"a":1}\r\n',
    b"GET\t//callbacks//ryng-main/s3cret-token/connect/\ta=1&b=%00\t\t1\tt\tUser-Agent: x\tAuthorization: y\n[]",
    b"PUT\t/callbacks/qvoice-main/wrong/x/y\t\t100\t5\tb\tContent-Encoding: gzip\n\x1f\x8b\x08\x00",
    b"HEAD\t/callbacks\t\t\t\ttb\nsome",
    b"TRACE\t/callbacks/%00/\xc3\xa9/\xff\t\xff\t99999999999999999999\t\t\tX-Forwarded-For: \xff\n",
    b"POST\t/elsewhere\t\t4\t\t\nbody",
)


def of(target: str) -> list[bytes]:
    """The inputs that a target begins with; every one that ever broke it is among them."""
    dialer = TARGETS[target].dialer
    if target.startswith("words-"):
        found = _words(dialer)
    elif target.startswith("chain-"):
        words = _words(dialer)
        found = [*words, *(PARTS.join(words[at : at + 3]) for at in range(0, len(words), 3)), PARTS.join(words[:8])]
    elif target.startswith("reports-"):
        found = _pages([path.read_bytes() for path in payloads(dialer)])
    elif target == "rawjson":
        every = [path.read_bytes() for name in DIALERS for path in payloads(name)]
        found = every + [text.encode("utf-8", "surrogatepass") for text in nasty.LITERALS] + _encoded(every[0])
    else:
        found = list(REQUESTS)
    return [*found, *(path.read_bytes() for path in kept(target))]


def kept(target: str) -> list[Path]:
    """The files of inputs that once broke the target."""
    return sorted((FOUND / target).glob("*")) if (FOUND / target).is_dir() else []


def names(dialer: str | None) -> list[str]:
    """Member names that the dialer's payloads use, and ours."""
    found: set[str] = set(FACTS) if dialer is None else set()
    for name in [dialer] if dialer else DIALERS:
        for path in payloads(name):
            json_or_none(path.read_bytes(), found)
    return sorted(found)


def json_or_none(body: bytes, names_seen: set[str]) -> object:
    """The value; every member name in it is added to the set."""

    def note(members: dict) -> dict:
        names_seen.update(members)
        return members

    try:
        return json.loads(body, object_hook=note)
    except ValueError:
        return None


def payloads(dialer: str) -> list[Path]:
    """The dialer's payload files."""
    return sorted(path for path in (PAYLOADS / dialer).rglob("*") if path.is_file())


def _words(name: str) -> list[bytes]:
    dialer = DIALERS[name]
    kinds = [*dialer.callback_kinds, *(report.name for report in dialer.reports)]
    bodies = [path.read_bytes() for path in payloads(name)]
    return [b"%s\tapplication/json\t\tPOST\tkey\n%s" % (kind.encode(), body) for body in bodies for kind in kinds]


def _pages(bodies: list[bytes]) -> list[bytes]:
    first, *_ = bodies
    envelopes = (
        b'{"data":[%s],"next_start_key":"k"}',
        b'{"cdrs":[%s],"next_start_key":[1]}',
        b'{"rows":{"a":%s}}',
        b'{"a":%s,"b":{}}',
        b"[%s]",
        b"null",
        b'{"status":"error"}',
    )
    return [*bodies, *(shape % body if b"%s" in shape else shape for body in bodies for shape in envelopes)]


def _encoded(body: bytes) -> list[bytes]:
    text = body.decode("utf-8")
    return [text.encode(name) for name in ("utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-32-le", "utf-8-sig")]
