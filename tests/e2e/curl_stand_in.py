"""What docs/uploads.md does with curl, for machines that have none: these options of it and no others."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import httpx


def main() -> None:
    """Sends one request and writes its answer."""
    wanted = _parser().parse_args()
    content = sys.stdin.buffer.read() if wanted.data_binary == "@-" else None
    method = "HEAD" if wanted.I else "POST" if wanted.F or content is not None else "GET"
    with httpx.Client(trust_env=False, timeout=60) as client:
        response = client.request(
            wanted.X or method,
            wanted.url,
            headers=dict(header.split(": ", 1) for header in wanted.H),
            files=[_part(field) for field in wanted.F] or None,
            content=content,
        )
    if wanted.I or wanted.i:
        lines = [f"{name}: {value}\r\n" for name, value in response.headers.items()]
        sys.stdout.write("".join([f"HTTP/1.1 {response.status_code}\r\n", *lines, "\r\n"]))
    sys.stdout.write(response.text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for flag in ("-s", "-i", "-I"):
        parser.add_argument(flag, action="store_true")
    for several in ("-H", "-F"):
        parser.add_argument(several, action="append", default=[])
    parser.add_argument("-X")
    parser.add_argument("--data-binary", choices=["@-"])
    parser.add_argument("url")
    return parser


def _part(field: str) -> tuple[str, tuple[str, bytes]]:
    name, _, filename = field.partition("=@")
    return name, (filename, Path(filename).read_bytes())


if __name__ == "__main__":
    main()
