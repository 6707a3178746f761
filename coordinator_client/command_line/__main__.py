"""The program `sluice`, which is `python -m coordinator_client.command_line` too."""

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Runs what was typed and ends with its exit code."""
    try:
        from coordinator_client.command_line.program import run  # noqa: PLC0415 - only an extra brings what it needs

        code = run(sys.argv[1:])
    except ModuleNotFoundError as missing:
        if missing.name not in {"click", "rich"}:
            raise
        sys.exit(f"The command line needs {missing.name}, which its extra brings: pip install 'sluice[cli]'.")
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
