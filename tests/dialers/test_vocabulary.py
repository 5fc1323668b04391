"""Our words stand in two places that may not import each other; they must be the same."""

from dialers import vocabulary
from dialers.base import KeptEvent
from models import CallEvent, CallOutcome, calls
from models.shown import COLUMNS
from outcomes.precedence import RULES


def test_the_tables_know_the_same_words():
    assert calls.CONNECT_OUTCOMES == vocabulary.CONNECT_OUTCOMES
    assert calls.SETTLINGS == vocabulary.SETTLINGS


def test_every_fact_has_a_precedence_and_a_column():
    ruled = [name for rule in RULES for name in rule.fields]
    assert sorted(ruled) == sorted(vocabulary.FACTS)
    assert set(ruled) <= {column.name for column in CallOutcome.__table__.columns}
    assert set(ruled) <= set(COLUMNS)


def test_a_kept_event_is_a_row_of_its_table():
    assert set(KeptEvent.__dataclass_fields__) <= {column.name for column in CallEvent.__table__.columns}
