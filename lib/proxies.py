"""Who is asking, where proxies stand between: their word counts only if they are ours.

``X-Forwarded-For`` is a list to which each proxy appends the address that asked it, and whose beginning anybody can write. So it
is read from its end, and only for as long as the address before was one of ours.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

LONGEST_LIST = 1000  # characters that are read of X-Forwarded-For, from its end
REMEMBERED = 4096  # pairs of peer and list of which the answer is known: our proxies come again and again


class Proxies:
    """The proxies that are trusted: addresses and networks. Raises ValueError for what is neither."""

    def __init__(self, trusted: Iterable[str] = ()):
        self.networks: list[IPv4Network | IPv6Network] = [ip_network(one.strip()) for one in trusted]
        self._known = lru_cache(REMEMBERED)(self._client)
        self.trusts = lru_cache(REMEMBERED)(self._trusts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Proxies) and self.networks == other.networks

    def client(self, peer: str, forwarded: str) -> str:
        """The address of whoever asked: the peer's own, unless that is a proxy of ours and names another one."""
        # Cut before it is remembered: a server puts all fields of the name together, and a stranger may send a hundred.
        return self._known(peer, forwarded[-LONGEST_LIST:] if forwarded and self.trusts(peer) else "")

    def _trusts(self, peer: str) -> bool:
        """Whether what this address says of others is believed. Without an address: a socket of this machine's file system."""
        if not peer:
            return True
        address = _address(peer)
        return address is not None and any(address in network for network in self.networks)

    def _client(self, peer: str, forwarded: str) -> str:
        client = _plain(peer)
        for said in reversed(forwarded.split(",")):
            if not self.trusts(client):
                break
            address = _address(said)
            if address is None:  # what cannot be read is nobody's address, and nothing before it is believed
                break
            client = str(address)
        return client


def neighbourhood(address: str) -> str:
    """Under which an address is counted: with IPv6, everybody has a network of them."""
    parsed = _address(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed) if parsed else address[:64]


def _plain(peer: str) -> str:
    address = _address(peer)
    return str(address) if address else peer[:64]


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address, perhaps with a port as some proxies write it; an IPv4 address that IPv6 wraps is the IPv4 address."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
