"""What keeps the stack from starting, in sentences for the terminal."""

from __future__ import annotations


class StackError(Exception):
    """The stack cannot do what was asked; the message says why and what to do."""


class PortTakenError(StackError):
    """A port that was asked for is not to be had."""
