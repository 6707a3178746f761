"""grpc-js on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stack.npm_folder import NpmFolder, node

FOLDER = Path(__file__).parent
CLIENT = NpmFolder(FOLDER)


def command(**task: Any) -> list[str]:
    """The command that enqueues and works; queue.mjs tells what a task is. Installs the client where it is missing."""
    CLIENT.install()
    return [str(node()), str(FOLDER / "queue.mjs"), json.dumps(task)]
