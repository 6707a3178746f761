"""Becomes a PostgreSQL program that is not root and that ends with the process which asked for it.

Run as a script, `python -I -S postgres_launcher.py PARENT_PID DIRECTORY PROGRAM ARGUMENT...`: what it does
to itself (name space, user, death signal) has to happen between fork and exec, where a parent with threads,
gRPC's for example, may not run Python. It is replaced by PROGRAM and keeps its process id. Standard library
only, nothing of ours.

PostgreSQL refuses to be root, so for root the owner of DIRECTORY serves it. A directory of root's own is
served by `nobody` in a user name space, where `nobody` is root to the files outside: no user is added and
nothing changes hands. Where the kernel refuses the name space, DIRECTORY is given to `nobody`.
"""

import ctypes
import os
import pwd
import signal
import sys
from pathlib import Path

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def main(parent: int, directory: Path, command: list[str]) -> None:
    """Replaces this process by the command; the parent may have gone meanwhile, then nothing is started."""
    if os.geteuid() == 0:
        _stop_being_root(directory)
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)  # after the change of user, which would clear it
    if os.getppid() == parent:
        os.execv(command[0], command)  # noqa: S606 - a shell is what must not come in between


def _stop_being_root(directory: Path) -> None:
    owner, nobody = directory.stat(), pwd.getpwnam("nobody")
    if owner.st_uid != 0:
        _change_user(owner.st_uid, owner.st_gid)
    elif _name_space_is_to_be_had(nobody):
        _enter_name_space(nobody)
    else:
        _give_away(directory, nobody)
        _change_user(nobody.pw_uid, nobody.pw_gid)


def _name_space_is_to_be_had(user: pwd.struct_passwd) -> bool:
    """Tries it in a child: a process that entered a name space half-way cannot leave it again."""
    if _libc is None:
        return False
    child = os.fork()
    if child == 0:
        try:
            _enter_name_space(user)
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def _enter_name_space(user: pwd.struct_passwd) -> None:
    """Is the given user from here on, while files outside the name space still see root."""
    if _libc is None or _libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWUSER)")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user.pw_uid} 0 1")
    Path("/proc/self/gid_map").write_text(f"{user.pw_gid} 0 1")


def _give_away(directory: Path, user: pwd.struct_passwd) -> None:
    for folder, _, files in os.walk(directory):
        os.chown(folder, user.pw_uid, user.pw_gid)
        for name in files:
            os.chown(Path(folder, name), user.pw_uid, user.pw_gid, follow_symlinks=False)


def _change_user(uid: int, gid: int) -> None:
    """Gives up every right of root but one: to pass a folder like /root that only root may enter."""
    if _libc is not None:
        _libc.prctl(_PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if _libc is not None:  # where this is refused, PostgreSQL says itself what it cannot read
        right = 1 << _CAP_DAC_OVERRIDE
        header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
        effective_permitted_inheritable = (ctypes.c_uint32 * 6)(right, right, right)
        _libc.capset(header, effective_permitted_inheritable)
        _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
