"""Makes the passwords and tokens of the compose file, once: a volume per service, each with what that service may know.

A secret that is there is kept, and what is put together from several is written again each time: removing the volume
of a token's only holder and starting everything anew is how a token is replaced. Standard library only.
"""

from __future__ import annotations

import sys
from pathlib import Path
from secrets import token_urlsafe

SECRET_BYTES = 32

_DATABASE = "postgres:5432/sluice"


def main(root: Path) -> None:
    """Writes ROOT/SERVICE/NAME for each service."""
    owner = keep(root / "postgres/password")
    coordinator = keep(root / "migrate/coordinator_password")
    producer = keep(root / "gateway/service_token")
    operator = keep(root / "gateway/operator_token")
    worker = keep(root / "ingest_worker/service_token")
    write(root / "migrate/database_url", f"postgresql://postgres:{owner}@{_DATABASE}")
    write(root / "coordinator/database_url", f"postgresql://sluice_coordinator:{coordinator}@{_DATABASE}")
    write(root / "coordinator/service_tokens", f"producer:{producer} operator:{operator} worker:{worker}")


def keep(path: Path) -> str:
    """Returns the secret that the file holds, after making one where it is missing."""
    if not path.exists():
        write(path, token_urlsafe(SECRET_BYTES))
    return path.read_text(encoding="ascii")


def write(path: Path, text: str) -> None:
    """Writes a file whole or not at all. Everyone may read it: who sees the volume is what protects it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}")
    partial.write_text(text, encoding="ascii")
    partial.chmod(0o444)
    partial.replace(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
