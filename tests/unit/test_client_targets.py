"""What may be given as the coordinator's address."""

from __future__ import annotations

import pytest

from coordinator_client.targets import resolver_address


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("127.0.0.1:50051", "127.0.0.1:50051"),
        ("coordinator:50051", "coordinator:50051"),
        ("dns:///coordinator:50051", "dns:///coordinator:50051"),
        ("127.0.0.1:1,127.0.0.1:2", "ipv4:127.0.0.1:1,127.0.0.1:2"),
        ("127.0.0.1:1, 10.0.0.7:2", "ipv4:127.0.0.1:1,10.0.0.7:2"),
        ("[::1]:1,[::1]:2", "ipv6:[::1]:1,[::1]:2"),
        ("ipv4:127.0.0.1:1,127.0.0.1:2", "ipv4:127.0.0.1:1,127.0.0.1:2"),
    ],
)
def test_a_target_becomes_what_grpc_resolves(target: str, address: str) -> None:
    assert resolver_address(target) == address


@pytest.mark.parametrize("target", ["127.0.0.1:1,[::1]:2", "one:1,two:2", "127.0.0.1,127.0.0.2", "127.0.0.1:1,"])
def test_a_list_that_grpc_could_not_resolve_is_refused(target: str) -> None:
    with pytest.raises(ValueError, match=r"mixes|numeric|of the form"):
        resolver_address(target)
