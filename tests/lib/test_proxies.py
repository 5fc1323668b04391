"""Whose word counts about who is asking."""

import tracemalloc

import pytest

from lib.proxies import Proxies, neighbourhood

OURS = Proxies(["127.0.0.1", "::1", "10.0.0.0/8", "2001:db8:1::/48"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.7", "203.0.113.9"),  # no proxy of ours: what it says is its own invention
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "6.6.6.6, 198.51.100.7", "198.51.100.7"),  # what stood there before, the client wrote
        ("127.0.0.1", "198.51.100.7, 10.1.2.3", "198.51.100.7"),  # two proxies of ours
        ("127.0.0.1", "10.9.9.9, 10.1.2.3", "10.9.9.9"),  # somebody inside
        ("127.0.0.1", "198.51.100.7,10.1.2.3,  10.1.2.4", "198.51.100.7"),
        ("127.0.0.1", "nobody", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7, unknown", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7:51234", "198.51.100.7"),
        ("127.0.0.1", "[2001:db8:9::1]:443", "2001:db8:9::1"),
        ("127.0.0.1", "2001:DB8:9::1", "2001:db8:9::1"),
        ("::1", "198.51.100.7", "198.51.100.7"),
        ("::ffff:127.0.0.1", "198.51.100.7", "198.51.100.7"),  # as a socket for both families has it
        ("::ffff:203.0.113.9", "198.51.100.7", "203.0.113.9"),
        ("2001:db8:1::5", "2001:db8:2::5", "2001:db8:2::5"),
        ("fe80::1%eth0", "198.51.100.7", "fe80::1"),
        ("", "198.51.100.7", "198.51.100.7"),  # through a socket of the file system
        ("127.0.0.1", ",".join(["1.2.3.4"] * 10_000) + ",198.51.100.7", "198.51.100.7"),
    ],
)
def test_a_list_is_read_from_its_end_while_proxies_are_ours(peer, forwarded, client):
    assert OURS.client(peer, forwarded) == client


def test_where_nobody_is_trusted_the_peer_is_who_asks():
    assert Proxies().client("127.0.0.1", "198.51.100.7") == "127.0.0.1"


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("no address", "no address"),
    ],
)
def test_whoever_has_a_network_of_addresses_is_counted_once(address, counted):
    assert neighbourhood(address) == counted


@pytest.mark.parametrize("peer", ["203.0.113.9", "127.0.0.1"])
def test_of_a_list_no_more_is_remembered_than_is_read(peer):
    """Servers put all fields of a name together: a stranger's may have 800 KB, each time others."""
    proxies = Proxies(["127.0.0.1"])
    tracemalloc.start()
    try:
        for number in range(500):
            proxies.client(peer, f"{number}," * 20_000 + "198.51.100.7")
        assert tracemalloc.get_traced_memory()[0] < 4_000_000
    finally:
        tracemalloc.stop()
