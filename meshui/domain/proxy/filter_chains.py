"""Which filter chain of a listener takes a connection.

Source: envoy/config/listener/v3/listener_components.proto, FilterChainMatch: criteria are asked one after the other,
each keeps the most specific chains that match, and none goes back.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

import msgspec

from meshui.domain.proxy.listeners import match_words
from meshui.domain.proxy.values import Raw, record, records, text, texts, whole


class Connection(msgspec.Struct, frozen=True):
    """A connection as the listener sees it: where it goes, and what it begins with. `alpn` are its protocols:
    offered in TLS, or as the HTTP inspector finds them."""

    address: str
    port: int
    tls: bool = False
    sni: str = ""
    alpn: tuple[str, ...] = ()
    source_ip: str = ""


class ChainChoice(msgspec.Struct, frozen=True):
    """The chain, its position (-1: the default one), and why the others don't take the connection."""

    chain: Raw
    position: int
    passed_over: tuple[str, ...]


_Rank = Callable[[Raw], int | None]
"""How specifically a chain's match asks for the connection: 0 when it doesn't ask, None when it doesn't match."""


def choose_chain(listener: Raw, connection: Connection) -> ChainChoice | None:
    """The chain that takes the connection; None: it is closed."""
    chains = list(enumerate(records(listener, "filter_chains")))
    passed: list[str] = []
    for what, rank in _criteria(connection):
        ranks = [(rank(record(chain, "filter_chain_match")), position, chain) for position, chain in chains]
        best = max((found for found, _, _ in ranks if found is not None), default=None)
        for found, position, chain in ranks:
            if found is None or found != best:
                words = match_words(record(chain, "filter_chain_match"))
                why = f"another {what}" if found is None else f"another chain asks for this very {what}"
                passed.append(f"{text(chain, 'name') or f'chain {position + 1}'} ({words}): {why}")
        chains = [(position, chain) for found, position, chain in ranks if found is not None and found == best]
    if chains:
        position, chain = chains[0]
        return ChainChoice(chain, position, tuple(passed))
    default = record(listener, "default_filter_chain")
    return ChainChoice(default, -1, tuple(passed)) if default else None


def _criteria(connection: Connection) -> list[tuple[str, _Rank]]:
    def port(match: Raw) -> int | None:
        wanted = whole(match, "destination_port")
        return 0 if wanted is None else 1 if wanted == connection.port else None

    def protocol(match: Raw) -> int | None:
        wanted = text(match, "transport_protocol")
        return 0 if not wanted else 1 if wanted == ("tls" if connection.tls else "raw_buffer") else None

    def application(match: Raw) -> int | None:
        wanted = texts(match, "application_protocols")
        return 0 if not wanted else 1 if set(wanted) & set(connection.alpn) else None

    return [
        ("destination port", port),
        ("destination address", lambda match: _prefix(records(match, "prefix_ranges"), connection.address)),
        ("SNI", lambda match: _server_name(texts(match, "server_names"), connection.sni)),
        ("transport protocol", protocol),
        ("application protocol", application),
        (
            "source address",
            lambda match: _prefix(
                records(match, "direct_source_prefix_ranges") + records(match, "source_prefix_ranges"),
                connection.source_ip,
            ),
        ),
    ]


def _prefix(ranges: list[Raw], address: str) -> int | None:
    if not ranges:
        return 0
    best = None
    for one in ranges:
        try:
            length = whole(one, "prefix_len") or 0
            inside = ipaddress.ip_address(address) in ipaddress.ip_network(
                f"{text(one, 'address_prefix')}/{length}", strict=False
            )
        except (ValueError, TypeError):
            continue
        if inside:
            best = max(best or 0, length + 1)
    return best


def _server_name(names: tuple[str, ...], sni: str) -> int | None:
    if not names:
        return 0
    sni = sni.lower()
    if sni in names:
        return 1000
    suffixes = [len(name) for name in names if name.startswith("*.") and sni.endswith(name[1:])]
    return max(suffixes, default=None)
