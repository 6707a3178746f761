"""The generated modules are those that the pinned toolchain makes of the committed .proto files."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
GENERATED = ("*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py", "*_pb2_grpc.pyi")


def modules(root: Path) -> dict[str, str]:
    found = [path for pattern in GENERATED for path in (root / "protos").rglob(pattern)]
    return {str(path.relative_to(root)): path.read_text() for path in found}


def test_generated_modules_are_fresh(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "protos.generate", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    fresh, committed = modules(tmp_path), modules(ROOT)
    assert fresh.keys() == committed.keys()
    stale = [name for name in fresh if fresh[name] != committed[name]]
    assert not stale, f"run `make protos`: {stale}"
    assert len(fresh) >= 4 * 7
