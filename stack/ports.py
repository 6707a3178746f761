"""Ports on loopback: the one asked for or none, the usual one or else a free one."""

from __future__ import annotations

import socket
from collections.abc import Callable

from stack.errors import PortTakenError

HTTP_PORT = 8080
GRPC_PORT = 50051

HOST = "127.0.0.1"


class ReservedPort:
    """A port that is kept for one of our processes, also while that starts again.

    Bound here and never listened on, it is given to nobody who asks for any port; the process it is kept for
    can listen on it nonetheless, as servers set SO_REUSEADDR.
    """

    def __init__(self, number: int) -> None:
        """Takes the port, any free one for 0. Raises OSError where it cannot be had."""
        self._socket = socket.socket()
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind((HOST, number))
        except OSError:
            self._socket.close()
            raise
        self.number: int = self._socket.getsockname()[1]

    @property
    def address(self) -> str:
        """The address as programs take it."""
        return f"{HOST}:{self.number}"

    def close(self) -> None:
        """Lets the port go."""
        self._socket.close()


def reserve_port(asked: int | None, usual: int, name: str, say: Callable[[str], None]) -> ReservedPort:
    """Reserves the port asked for, or, where none was, the usual one if it is free and else another.

    Raises:
        PortTakenError: the port asked for is not to be had.
    """
    try:
        return ReservedPort(usual if asked is None else asked)
    except OSError as error:
        if asked is not None:
            raise PortTakenError(f"port {asked} is not to be had ({error.strerror}): name another, or 0.") from error
    port = ReservedPort(0)
    say(f"The usual {name} port {usual} is taken: using {port.number}.")
    return port
