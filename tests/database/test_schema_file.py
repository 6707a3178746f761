"""sql/schema.sql, which people read first, is what the migrations add up to."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_schema_file_is_what_the_migrations_add_up_to(tmp_path: Path, quick_folder: Path) -> None:
    fresh = tmp_path / "schema.sql"
    environment = os.environ | {"TMPDIR": str(quick_folder)}
    command = [sys.executable, "-m", "stack.schema_dump", str(fresh)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, env=environment)
    assert fresh.read_text() == (ROOT / "sql" / "schema.sql").read_text(), "run `make schema`"
