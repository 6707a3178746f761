"""Rows that the typed decoder refuses, read one by one so that each costs only itself."""

from typing import Any

import msgspec

from export_formats.errors import Rejection

_ABSENT = msgspec.Raw()


class FaultyRows:
    """Reads a list in which some rows are no objects or have fields that cannot be read."""

    def __init__(self, row_type: type[msgspec.Struct]) -> None:
        fields = msgspec.structs.fields(row_type)
        self._rows: msgspec.json.Decoder[list[msgspec.Raw]] = msgspec.json.Decoder(list[msgspec.Raw])
        self._typed: msgspec.json.Decoder[Any] = msgspec.json.Decoder(row_type)
        self._untyped: msgspec.json.Decoder[Any] = msgspec.json.Decoder(_untyped_twin(row_type))
        self._fields: dict[str, msgspec.json.Decoder[Any]] = {
            field.name: msgspec.json.Decoder(field.type) for field in fields
        }
        self._faults: dict[str, Rejection | None] = {field.name: _fault(field.type) for field in fields}

    def read(self, document: bytes) -> list[Any]:
        """Give each row of the list in order, or its Rejection; msgspec.DecodeError for broken JSON."""
        return [self._row(bytes(raw)) for raw in self._rows.decode(document)]

    def _row(self, raw: bytes) -> Any:
        if not raw.startswith(b"{"):
            return Rejection.NOT_AN_OBJECT
        try:
            return self._typed.decode(raw)
        except (msgspec.ValidationError, UnicodeDecodeError):
            return self._row_by_fields(raw)

    def _row_by_fields(self, raw: bytes) -> Any:
        """Give the row without the hints that cannot be read, or the gravest fault of its other fields."""
        untyped = self._untyped.decode(raw)
        row = self._typed.decode(b"{}")
        faults: set[Rejection | None] = set()
        for name, decoder in self._fields.items():
            value = getattr(untyped, name)
            if value is _ABSENT:
                continue
            try:
                setattr(row, name, decoder.decode(value))
            except (msgspec.ValidationError, UnicodeDecodeError):
                faults.add(self._faults[name])
        return next((rejection for rejection in Rejection if rejection in faults), row)


def _untyped_twin(row_type: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """Make a row type with the same fields, each kept as the bytes that stood in the file."""
    fields = [
        (field.name, msgspec.Raw, msgspec.field(default=_ABSENT, name=field.encode_name))
        for field in msgspec.structs.fields(row_type)
    ]
    return msgspec.defstruct(f"Untyped{row_type.__name__}", fields)


def _fault(field_type: Any) -> Rejection | None:
    """Give what a bad value of this annotated type means: see `formats.format`."""
    meta: msgspec.Meta = field_type.__metadata__[0]
    found: Rejection | None = (meta.extra or {})["fault"]
    return found
