"""Generates the Python modules of the contract with the toolchain pinned in requirements.lock.

`python -m protos.generate [DIR]`: into DIR, by default beside the .proto files.
"""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).parent.parent


def generate(output: Path) -> int:
    """Writes the modules of every .proto below `output`, in the tree of the sources; returns protoc's status."""
    sources = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "protos").rglob("*.proto"))
    include = Path(protoc.__file__).parent / "_proto"
    scripts = Path(sysconfig.get_path("scripts"))
    plugins = [f"--plugin=protoc-gen-{name}={scripts / f'protoc-gen-{name}'}" for name in ("mypy", "mypy_grpc")]
    outputs = [f"--{kind}_out=quiet:{output}" for kind in ("mypy", "mypy_grpc")]
    outputs += [f"--{kind}_out={output}" for kind in ("python", "grpc_python")]
    return int(protoc.main(["protoc", f"-I{ROOT}", f"-I{include}", *plugins, *outputs, *sources]))


if __name__ == "__main__":
    sys.exit(generate(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT))
