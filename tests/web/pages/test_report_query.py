"""The periods that a report's page offers."""

from lib import clock
from web.pages import report_query


def test_the_last_days_are_as_many_as_they_say_also_where_clocks_were_changed():
    """Half an hour after midnight in Kyiv, where that Sunday had 23 hours."""
    now = clock.parse("2026-03-29T21:30:00Z")
    periods = {name: dict(asked) for name, asked in report_query.periods([], "Europe/Kyiv", now)}
    begins = {name: asked.get("since") for name, asked in periods.items()}
    assert begins["7 days"] == "2026-03-23T22:00:00Z" and begins["30 days"] == "2026-02-28T22:00:00Z"
    assert begins["yesterday"] == "2026-03-28T22:00:00Z" and periods["yesterday"]["until"] == "2026-03-29T21:00:00Z"
    assert begins["this week"] == periods["last week"]["until"] == "2026-03-29T21:00:00Z"  # that Monday
    assert begins["last week"] == "2026-03-22T22:00:00Z"
