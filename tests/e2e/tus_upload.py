"""An upload by tus, as plain requests."""

from __future__ import annotations

import base64

from tests.e2e.person import Person

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = TUS | {"Content-Type": "application/offset+octet-stream"}


def upload_in_pieces(person: Person, content: bytes, filename: str, *, piece_bytes: int) -> str:
    """Uploads a file in pieces of so many bytes; returns the upload's id."""
    metadata = f"filename {base64.b64encode(filename.encode()).decode()}"
    headers = TUS | {"Upload-Length": str(len(content)), "Upload-Metadata": metadata}
    begun = person.client.post("/api/uploads/tus", headers=headers)
    assert begun.status_code == 201, begun.text
    location = begun.headers["location"]
    for offset in range(0, len(content), piece_bytes):
        piece = content[offset : offset + piece_bytes]
        sent = person.client.patch(location, content=piece, headers=PIECE | {"Upload-Offset": str(offset)})
        assert sent.status_code == 204, sent.text
    return str(location.rpartition("/")[2])
