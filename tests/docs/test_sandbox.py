"""What the dialers' pages and the demo's say of the sandbox can be typed: its options, and its addresses below ``/sandbox``."""

import re

import pytest

from dialers.registry import DIALERS
from tests.docs.calls import sources
from tests.docs.pages import ROOT, read


def played(dialer: str) -> str:
    """The source of its sandbox, with what all of them have."""
    shared = (ROOT / "sandbox").glob("*.py")
    return "".join(file.read_text(encoding="utf-8") for file in [*sources(f"sandbox/{dialer}"), *shared])


@pytest.mark.parametrize("dialer", DIALERS)
def test_every_option_and_address_of_a_sandbox_is_there(dialer):
    (part,) = re.findall(
        r"^## Try(?:ing)? it.*?(?=^## |\Z)", read(f"docs/dialers/{dialer}.md"), re.MULTILINE | re.DOTALL
    )
    there = played(dialer)
    assert f"python -m sandbox.{dialer}" in part
    addresses = {re.sub(r"<\w+>", "", said) for said in re.findall(r"/sandbox/[\w/<>]+", part)}
    assert addresses
    assert {said for said in addresses if f'"{said}' not in there} == set()
    assert {said for said in re.findall(r"--[a-z][a-z-]+", part) if f'"{said}"' not in there} == set()
