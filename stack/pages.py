"""`python -m stack.pages`: builds the pages that the gateway serves, where anything has changed since the last time.

`check` instead looks at their format, lint, types and unit tests; `types` writes the types of the API again.
Standard library only: images build the pages with it too.
"""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from stack.npm_folder import NpmError, NpmFolder

_REPOSITORY = Path(__file__).parents[1]
WEB_FOLDER = _REPOSITORY / "gateway" / "web"
API_TYPES = Path("src", "api", "schema.d.ts")

_DIST = WEB_FOLDER / "dist"
_LABEL = _DIST / ".built-from"
_TEXTS = frozenset({".css", ".html", ".js", ".json", ".svg"})
_NOT_SOURCES = frozenset({"node_modules", "dist", "tests"})


def build() -> bool:
    """Builds the pages unless they are of just these sources; tells whether it did. Several processes may ask at once.

    Raises:
        NpmError: a package could not be installed, or Vite refused a source.
    """
    packages = NpmFolder(WEB_FOLDER)
    with packages.turn("index.html"):
        wanted = _fingerprint()
        if _LABEL.is_file() and _LABEL.read_text() == wanted:
            return False
        packages.install()
        packages.run("vite", "build", "--logLevel", "warn")
        _compress(_DIST)
        _LABEL.write_text(wanted)
    return True


def _compress(folder: Path) -> None:
    """Puts a gzip copy beside each file of text, for the gateway to send instead."""
    for path in folder.rglob("*"):
        if path.suffix in _TEXTS:
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))


def check() -> None:
    """Checks format, lint and types of the pages, and runs their unit tests.

    Raises:
        NpmError: something is amiss; the message says what.
    """
    packages = NpmFolder(WEB_FOLDER)
    packages.install()
    packages.run("biome", "check", "--error-on-warnings", "--colors=off")
    packages.run("tsc", "--noEmit")
    packages.run("vitest", "run")


def write_api_types(target: Path = WEB_FOLDER / API_TYPES) -> None:
    """Writes what the gateway's OpenAPI document says of requests and answers, as types.

    Raises:
        NpmError: the document could not be had, or not be turned into types.
    """
    packages = NpmFolder(WEB_FOLDER)
    packages.install()
    document = target.with_suffix(".json")
    document.write_text(_api_document())
    try:
        packages.run("openapi-typescript", str(document), "--output", str(target), "--alphabetize")
    finally:
        document.unlink()


def _api_document() -> str:
    command = [sys.executable, "-m", "gateway.api_document"]
    done = subprocess.run(command, cwd=_REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NpmError(f"The gateway does not tell its API:\n{done.stderr}")
    return done.stdout


def _fingerprint() -> str:
    seen = hashlib.sha256()
    for path in sorted(_sources(WEB_FOLDER)):
        content = path.read_bytes()
        seen.update(f"{path.relative_to(WEB_FOLDER)}\0{len(content)}\0".encode() + content)
    return seen.hexdigest()


def _sources(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_file():
            yield path
        elif path.name not in _NOT_SOURCES:
            yield from _sources(path)


_COMMANDS: Mapping[str, Callable[[], object]] = {"build": build, "check": check, "types": write_api_types}


def main(command: str = "build") -> int:
    """Carries out one of the commands; the exit status."""
    try:
        _COMMANDS[command]()
    except NpmError as error:
        print(error, file=sys.stderr)  # noqa: T201 - it is what the person at the terminal is told
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
