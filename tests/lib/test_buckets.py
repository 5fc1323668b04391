"""So many times at once, then once each so many seconds; and never more names than there is room for."""

from lib.buckets import Buckets


def test_so_many_at_once_and_then_one_each_so_many_seconds():
    buckets = Buckets(3, 10)
    assert [buckets.take("a", 100.0) for _ in range(5)] == [0, 0, 0, 10, 10]
    assert buckets.take("a", 104.0) == 6
    assert buckets.take("a", 110.0) == 0
    assert buckets.take("a", 110.0) == 10
    assert [buckets.take("a", 1000.0) for _ in range(4)] == [0, 0, 0, 10]  # it never holds more than it is large


def test_names_do_not_share():
    buckets = Buckets(1, 10)
    assert [buckets.take(name, 0.0) for name in ("a", "b", "a", "b")] == [0, 0, 10, 10]


def test_what_is_given_back_does_not_count():
    buckets = Buckets(1, 10)
    for _ in range(5):
        assert buckets.take("a", 0.0) == 0
        buckets.give_back("a")
    buckets.give_back("nobody")


def test_the_least_recent_name_makes_room():
    buckets = Buckets(1, 10, most=100)
    for number in range(10_000):
        buckets.take(str(number), 0.0)
    assert len(buckets) == 100
    assert (buckets.take("9999", 0.0), buckets.take("0", 0.0)) == (10, 0)
