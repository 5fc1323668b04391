"""hypothesis on the words: bodies with the dialer's own member names and whatever values, and bytes of any kind."""

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialers.registry import DIALERS
from tests.fuzz import nasty, seeds, targets

PROPERTY = settings(
    max_examples=int(os.environ.get("WRAPUP_TEST_EXAMPLES") or 40),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


class Written(str):
    """JSON text that stands for itself."""


def written(value: object) -> str:
    if isinstance(value, Written):
        return value
    if isinstance(value, tuple):  # an object: its members, in order, repeated ones too
        return "{" + ",".join(f"{json.dumps(key)}:{written(item)}" for key, item in value) + "}"
    return "[" + ",".join(map(written, value)) + "]"


def bodies(dialer: str) -> st.SearchStrategy[bytes]:
    """The dialer's own payloads, or nothing, and further members of its names; some are written more than once."""
    names = st.sampled_from(seeds.names(dialer)) | st.text(st.characters(codec="utf-8"), max_size=5)
    scalars = st.sampled_from(nasty.JSON) | st.integers().map(str) | st.text().map(json.dumps)
    values = st.recursive(
        scalars.map(Written),
        lambda inner: st.lists(inner, max_size=4) | st.lists(st.tuples(names, inner), max_size=6).map(tuple),
        max_leaves=30,
    )
    members = st.lists(st.tuples(names, values), max_size=20).map(tuple)
    shuffled = st.tuples(st.sampled_from([(), *payloads(dialer)]), members).flatmap(
        lambda found: st.permutations([*found[0], *found[1]])
    )
    return shuffled.map(lambda found: written(tuple(found)).encode("utf-8", "surrogatepass"))


def payloads(dialer: str) -> list[tuple]:
    """The members of each payload that is an object."""
    found = [seeds.json_or_none(path.read_bytes(), set()) for path in seeds.payloads(dialer)]
    return [
        tuple((key, Written(json.dumps(item))) for key, item in one.items()) for one in found if isinstance(one, dict)
    ]


def heads(dialer: str) -> st.SearchStrategy[bytes]:
    kinds = [*DIALERS[dialer].callback_kinds, *(report.name for report in DIALERS[dialer].reports), "other", ""]
    plain = st.text(st.characters(exclude_characters="\n\t", codec="utf-8"), max_size=20)
    columns = st.tuples(st.sampled_from(kinds), plain, plain, plain, plain)
    return columns.map(lambda found: "\t".join(found).encode())


@pytest.mark.parametrize("dialer", DIALERS)
def test_any_object_is_read_or_refused(dialer):
    @PROPERTY
    @given(heads(dialer), bodies(dialer))
    def holds(head, body):
        targets.read(DIALERS[dialer], head + b"\n" + body)

    holds()


@pytest.mark.parametrize("dialer", DIALERS)
def test_any_bytes_are_read_or_refused(dialer):
    encodings = st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "latin-1", "cp1252"))
    texts = st.tuples(bodies(dialer), encodings).map(
        lambda found: found[0].decode("utf-8", "replace").encode(found[1], "replace")
    )

    @PROPERTY
    @given(heads(dialer), st.binary() | texts)
    def holds(head, body):
        targets.read(DIALERS[dialer], head + b"\n" + body)

    holds()


@pytest.mark.parametrize("dialer", DIALERS)
def test_any_receipts_are_folded_alike_in_any_order(dialer):
    @PROPERTY
    @given(st.lists(st.tuples(heads(dialer), bodies(dialer)), min_size=1, max_size=4))
    def holds(receipts):
        targets.chain(DIALERS[dialer], targets.PARTS.join(head + b"\n" + body for head, body in receipts))

    holds()
