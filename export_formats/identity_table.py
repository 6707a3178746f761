"""Which identities a file has had so far, in little memory: a file may have a million and a half of them."""

from array import array

IDENTITY_BYTES = 16

_MANY = 1 << 16
_FIRST_SLOTS = 1 << 16


class IdentityTable:
    """Identities (16 bytes each) by the order in which they were first seen.

    More than any real file has are in a dict, which is quick and takes some 180 bytes for each; the others in a hash
    table with open addressing, of 16 bytes and one to three slots of four. Python's own hash of bytes is keyed at
    random, so that no file can be made to collide.
    """

    def __init__(self) -> None:
        self._first: dict[bytes, int] = {}
        self._others = bytearray()
        # The place among the others plus one; 0 is free. Always a power of two, at most two thirds full.
        self._slots = array("I", bytes(4 * _FIRST_SLOTS))

    def __len__(self) -> int:
        return len(self._first) + len(self._others) // IDENTITY_BYTES

    def place_of(self, identity: bytes) -> int:
        """Give the place at which an identity was first seen; a new one takes the next, `len` of before."""
        first = self._first
        count = len(first)
        if count < _MANY:
            return first.setdefault(identity, count)
        place = first.get(identity)
        return count + self._place_among_others(identity) if place is None else place

    def _place_among_others(self, identity: bytes) -> int:
        slots, others = self._slots, self._others
        mask = len(slots) - 1
        slot = hash(identity) & mask
        while taken := slots[slot]:
            if others[IDENTITY_BYTES * (taken - 1) : IDENTITY_BYTES * taken] == identity:
                return taken - 1
            slot = (slot + 1) & mask
        others += identity
        count = len(others) // IDENTITY_BYTES
        slots[slot] = count
        if 3 * count > 2 * mask:
            self._grow()
        return count - 1

    def _grow(self) -> None:
        slots = array("I", bytes(8 * len(self._slots)))
        mask = len(slots) - 1
        # Not a copy, which would be as large as all the rest.
        with memoryview(self._others) as identities:
            for count, start in enumerate(range(0, len(identities), IDENTITY_BYTES), 1):
                slot = hash(bytes(identities[start : start + IDENTITY_BYTES])) & mask
                while slots[slot]:
                    slot = (slot + 1) & mask
                slots[slot] = count
        self._slots = slots
