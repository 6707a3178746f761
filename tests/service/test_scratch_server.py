"""What tests of users lean on, where its process dies under them."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from coordinator_client.testing.scratch import ScratchError, ScratchServer

pytestmark = pytest.mark.timeout(120)


def test_a_server_whose_process_died_says_so_and_leaves_nothing() -> None:
    server = ScratchServer()
    # Its own, for nobody outside has a use for them.
    process, folder = server._process, Path(server._folder.name)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    for _ in range(2):
        with pytest.raises(ScratchError, match="is gone"):
            server.ask(do="open", settings={})
    server.stop()
    assert not folder.exists()
