"""How a channel finds its coordinators and holds on to them: addresses and gRPC's options."""

from __future__ import annotations

import json

MESSAGE_LIMIT_BYTES = 4 * 1024 * 1024

# Keepalive's timeout alone lets a frozen peer go unnoticed for a minute: only with ping_timeout_ms, and
# without a limit on pings while nothing is sent, does it take about keepalive_time + timeout. The coordinator
# must accept pings that often. The reconnect times keep the channel from sitting out gRPC's backoff of up to
# two minutes while the coordinator is long back. Without subchannels of its own, a channel made anew would
# get the dead connection of the one before.
CHANNEL_OPTIONS: tuple[tuple[str, int | str], ...] = (
    ("grpc.keepalive_time_ms", 5_000),
    ("grpc.keepalive_timeout_ms", 2_000),
    ("grpc.http2.ping_timeout_ms", 2_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 3_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.max_send_message_length", MESSAGE_LIMIT_BYTES),
    ("grpc.max_receive_message_length", MESSAGE_LIMIT_BYTES),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.service_config", json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})),
)


def resolver_address(target: str) -> str:
    """Turns a list of numeric addresses into what gRPC's resolver wants; leaves any other target alone.

    Raises:
        ValueError: a list in which something is not "address:port", or that mixes IPv4 and IPv6.
    """
    addresses = [address.strip() for address in target.split(",")]
    if len(addresses) == 1 or target.startswith(("ipv4:", "ipv6:")):
        return target
    families = {_family(address) for address in addresses}
    if len(families) > 1:
        raise ValueError(f"{target!r} mixes IPv4 and IPv6; a list has to keep to one of them")
    return f"{families.pop()}:{','.join(addresses)}"


def _family(address: str) -> str:
    host, _, port = address.rpartition(":")
    if not port.isdecimal():
        raise ValueError(f"{address!r} is not of the form address:port")
    if host.startswith("[") and host.endswith("]"):
        return "ipv6"
    if host.replace(".", "").isdecimal():
        return "ipv4"
    raise ValueError(f"{address!r} is not numeric; a name stands alone, and may have several addresses")
