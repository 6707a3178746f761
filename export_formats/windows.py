"""The part of a long text that is at hand."""

from collections.abc import Iterable, Iterator

_PIECE_BYTES = 1 << 18


class Window:
    """A text that grows at its end, piece by piece, and is dropped from its beginning.

    `text` are the bytes at hand, `start` is where in the whole text they begin, and `complete` says that nothing
    comes behind them.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = _small(pieces)
        self.text = b""
        self.start = 0
        self.complete = False

    def fill(self, size: int) -> None:
        """Bring in what follows until `size` bytes are at hand or the text ends."""
        parts, there = [self.text], len(self.text)
        while there < size and not self.complete:
            piece = next(self._pieces, None)
            if piece is None:
                self.complete = True
            else:
                parts.append(piece)
                there += len(piece)
        if len(parts) > 1:
            self.text = b"".join(parts)

    def drop(self, count: int) -> None:
        """Forget the first bytes."""
        self.text = self.text[count:]
        self.start += count


def _small(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Cut large pieces, so that no window is much larger than what is asked for."""
    for piece in pieces:
        for start in range(0, len(piece), _PIECE_BYTES):
            yield piece[start : start + _PIECE_BYTES]
