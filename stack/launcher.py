"""Becomes a program that the kernel kills when the process which asked for it is gone, however that went.

Run as a script, `python -I -S launcher.py PARENT_PID PROGRAM ARGUMENT...`: the death signal has to be asked for
between fork and exec, where a parent with threads may not run Python. It is replaced by PROGRAM and keeps its
process id. Standard library only, nothing of ours.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Replaces this process by the command; the parent may have gone meanwhile, then nothing is started."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == parent:
        os.execv(command[0], command)  # noqa: S606 - a shell is what must not come in between


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
