"""What requests of the sandbox look like: members, types, and how many of each. A check takes a value and where it stands, and
raises Wrong."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Check: TypeAlias = Callable[[Any, str], None]


class Wrong(ValueError):
    """The request is not as documented; the message says where."""


def text(value: Any, at: str) -> None:
    if not isinstance(value, str):
        raise Wrong(f"{at} must be a text")


def filled(value: Any, at: str) -> None:
    text(value, at)
    if not value:
        raise Wrong(f"{at} must not be empty")


def whole(value: Any, at: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Wrong(f"{at} must be a whole number")


def flag(value: Any, at: str) -> None:
    if not isinstance(value, bool):
        raise Wrong(f"{at} must be true or false")


def members(value: Any, at: str) -> None:
    if not isinstance(value, dict):
        raise Wrong(f"{at} must be an object")


def or_null(check: Check) -> Check:
    def checked(value: Any, at: str) -> None:
        if value is not None:
            check(value, at)

    return checked


def one_of(*words: str) -> Check:
    def check(value: Any, at: str) -> None:
        if value not in words:
            raise Wrong(f"{at} must be one of {', '.join(words)}")

    return check


def up_to(most: int) -> Check:
    def check(value: Any, at: str) -> None:
        whole(value, at)
        if not 0 <= value <= most:
            raise Wrong(f"{at} must be 0 to {most}")

    return check


def listed(item: Check, most: int | None = None, least: int = 0) -> Check:
    def check(value: Any, at: str) -> None:
        if not isinstance(value, list):
            raise Wrong(f"{at} must be a list")
        if len(value) < least or (most is not None and len(value) > most):
            raise Wrong(f"{at} must hold {least} to {most} items, not {len(value)}")
        for place, one in enumerate(value):
            item(one, f"{at}[{place}]")

    return check


def shaped(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    known = {**required, **(optional or {})}

    def check(value: Any, at: str) -> None:
        members(value, at)
        for name in required:
            if name not in value:
                raise Wrong(f"{at}: some of the required attributes are not set [{name}]")
        for name, item in value.items():
            if name not in known:
                raise Wrong(f"{at}: there is no attribute {name}")
            known[name](item, f"{at}.{name}")

    return check
