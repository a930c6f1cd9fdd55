"""What a process has only once is set by the first thread that asks and put back by the last."""

import contextlib
import os
import subprocess
import sys
import threading

from genre_lib.utils.shared_context import SharedContext


def test_the_first_opens_and_the_last_closes():
    calls = []

    @contextlib.contextmanager
    def make():
        calls.append("open")
        yield
        calls.append("close")

    shared = SharedContext(make)
    inside, leave = threading.Barrier(3), threading.Event()

    def work():
        with shared:
            inside.wait()
            leave.wait()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    inside.wait()
    with shared:
        pass
    assert calls == ["open"]
    leave.set()
    for thread in threads:
        thread.join()
    assert calls == ["open", "close"]
    with shared:
        assert calls == ["open", "close", "open"]


def test_standard_error_speaks_again_after_many_threads_were_quiet():
    """Each thread alone would put back what another one had set: the last would leave it silent for good."""
    script = (
        "import os, threading, time\n"
        "from genre_lib.utils.quiet import quiet_native_stderr\n"
        "def work():\n"
        "    for _ in range(50):\n"
        "        with quiet_native_stderr():\n"
        "            os.write(2, b'noise')\n"
        "            time.sleep(0)\n"
        "threads = [threading.Thread(target=work) for _ in range(8)]\n"
        "[thread.start() for thread in threads]\n"
        "[thread.join() for thread in threads]\n"
        "os.write(2, b'heard')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], stderr=subprocess.PIPE, check=True, env=os.environ)
    assert done.stderr == b"heard"
