"""Where a URL may lead that somebody else has chosen: to public addresses, and not into our own network.

Whoever may name a URL would else have us ask what only we can reach: the database's host, a router's page, the address at which a
cloud gives its machine's credentials. What counts is the address that is connected to, so ``lib.http.pinned`` asks ``public`` of
exactly that one; ``mistake`` says beforehand what can be told from the URL alone, and refuses what parsers read differently.

Networks are written out rather than taken from ``ipaddress``'s properties, which differ between releases of Python.
IANA: "IPv4 Special-Purpose Address Registry", "IPv6 Special-Purpose Address Registry".
"""

import re
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_CLOSED = [
    IPv4Network(one)
    for one in (
        "0.0.0.0/8",  # this network; Linux takes 0.0.0.0 for itself
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by the customers of a carrier
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local; 169.254.169.254 gives credentials away
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # for documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",  # for measurements
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved; broadcast
    )
]
_OPEN_V6 = IPv6Network("2000::/3")  # all that was ever given out
_CLOSED_V6 = [
    IPv6Network(one)
    for one in (
        "2001::/23",  # of protocols: Teredo, which wraps an IPv4 address, benchmarks, ORCHID
        "2001:db8::/32",  # for documentation
        "2002::/16",  # 6to4, which wraps an IPv4 address; nobody has used it for years
        "3fff::/20",  # for documentation
    )
]
_NAT64 = IPv6Network("64:ff9b::/96")  # public hosts look so where a network has IPv6 alone

_URL = re.compile(
    r"https?://(\[[^\[\]/?#@\\]*\]|[^\[\]/?#@\\:]*)(?::([0-9]{1,5}))?(?:[/?][!-~]*)?", re.IGNORECASE | re.ASCII
)
_NAME = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*",
    re.IGNORECASE
    | re.ASCII,  # without the second, a letter may be one that only folds to it, such as the sign of Kelvin
)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)
_OURSELVES = re.compile(r"(?:.*\.)?(?:localhost|localdomain|local|internal)", re.IGNORECASE)

_ODD = (
    "Must be http:// or https://, a plain host, perhaps a port, and a path; without a name or password, and in ASCII."
)
_WRITTEN_ODDLY = "Must name its host plainly: 0x7f000001, 127.1 and a dot at the end are other spellings of an address."
_ZONE = "Must not name an interface of this machine: there is a % in its address."
_PRIVATE = "Must lead to a public address, not to a private one or this machine, unless allow_private_addresses = true."


def public(address: str) -> bool:
    """Whether this is the address of a host on the Internet. An IPv4 address that an IPv6 one wraps is judged as itself, or
    refused with its wrapping."""
    try:
        found = ip_address(address)
    except ValueError:  # with the zone of an interface, among others
        return False
    if isinstance(found, IPv6Address):
        if found.scope_id is not None:
            return False
        wrapped = found.ipv4_mapped or (IPv4Address(int(found) & 0xFFFF_FFFF) if found in _NAT64 else None)
        if wrapped is None:
            return found in _OPEN_V6 and not any(found in network for network in _CLOSED_V6)
        found = wrapped
    return not any(found in network for network in _CLOSED)


def mistake(url: str, private: bool = False) -> str | None:
    """What is wrong with the URL, as a sentence that repeats nothing of it; None where nothing can be told from it alone. With
    ``private`` it may lead anywhere, but is written plainly all the same."""
    written = _URL.fullmatch(url)
    if written is None or int(written[2] or 1) not in range(1, 65_536):
        return _ODD
    host = written[1]
    if host.startswith("[") and ":" not in host:
        return _WRITTEN_ODDLY
    return host_mistake(host.removeprefix("[").removesuffix("]"), private)


def host_mistake(host: str, private: bool = False) -> str | None:
    """The same of a host alone, without brackets."""
    if ":" in host:
        if "%" in host:
            return _ZONE
        try:
            IPv6Address(host)
        except AddressValueError:
            return _WRITTEN_ODDLY
        return None if private or public(host) else _PRIVATE
    if not _NAME.fullmatch(host):
        return _WRITTEN_ODDLY
    if _NUMBER.fullmatch(host.rpartition(".")[2]):  # an address then, whatever stands before it
        try:
            IPv4Address(host)
        except AddressValueError:
            return _WRITTEN_ODDLY
        return None if private or public(host) else _PRIVATE
    return None if private or not _OURSELVES.fullmatch(host) else _PRIVATE
