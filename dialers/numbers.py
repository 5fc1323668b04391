"""Numbers that belong to no single connection: read as all connections read those of leads, where these agree."""

from collections.abc import Iterable

from dialers.connection import Connection
from dialers.giving import Refused, to_be_called
from lib.phone import Number

NOT_A_NUMBER = "Not a telephone number that can be called. Write it international, such as +420601234567."


def countries(connections: Iterable[Connection]) -> list[str | None]:
    """In which these connections read national numbers; None where one reads none."""
    return sorted({one.default_country for one in connections} or {None}, key=str)


def read(asked: Iterable[str | None], value: object) -> Number:
    """The number, as the connections with these default countries read that of a lead. Raises Refused where none can, or where
    they read different ones: which is meant, nobody can tell."""
    readings: dict[str, Number] = {}
    refused: list[Refused] = []
    for country in asked:
        try:
            number = to_be_called(value, country)
            known = readings.setdefault(number.number, number)
            if len(number.doubts) < len(known.doubts):  # a number of one of the countries is no foreign one
                readings[number.number] = number
        except Refused as error:
            refused.append(error)
    if len(readings) > 1:
        several = " and as ".join(sorted(readings))
        raise Refused("number", f"Can be read as {several}. Name the connection, or write it international.")
    if readings:
        return next(iter(readings.values()))
    raise refused[0] if len(refused) == 1 else Refused("number", NOT_A_NUMBER)
