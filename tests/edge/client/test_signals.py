"""The first signal ends a program in good order, the next one at once and without a word."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

COMMAND = "import sys; from iot_facerecognition_client.cli import main; sys.exit(main())"

WITH_A_LOOP = """
import asyncio, threading
from iot_facerecognition_client.signals import end_in_order

async def main():
    ended = asyncio.Event()
    end_in_order(asyncio.get_running_loop(), ended.set)
    print("runs", flush=True)
    await ended.wait()
    print("ends", flush=True)
    await asyncio.to_thread(threading.Event().wait)

asyncio.run(main())
"""

WITHOUT_A_LOOP = """
import signal, threading
from iot_facerecognition_client.signals import END_SIGNALS, interrupt_once

for number in END_SIGNALS:
    signal.signal(number, interrupt_once)
try:
    print("runs", flush=True)
    threading.Event().wait()
except KeyboardInterrupt:
    pass
finally:
    print("ends", flush=True)
    threading.Event().wait()
"""


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("program", [WITH_A_LOOP, WITHOUT_A_LOOP], ids=["loop", "no loop"])
def test_a_second_signal_ends_a_program_that_is_ending(program, first, second):
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout.readline() == "runs\n"
        process.send_signal(first)
        assert process.stdout.readline() == "ends\n"
        process.send_signal(second)
        assert process.wait(20) == -second
        assert process.stderr.read() == ""


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
async def test_the_command_ends_at_once_while_it_waits_for_its_pictures(
    fake_server, tmp_path, second
):
    os.mkfifo(tmp_path / "never.jpg")
    async with fake_server() as server:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", COMMAND, "a", "127.0.0.1"),
            *(str(server.port), "--insecure", "--json", "--source", str(tmp_path)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        while b'"connected"' not in await process.stdout.readline():
            assert process.returncode is None
        process.terminate()
        # Nothing tells that the end has begun; one signal may overtake the other's effect.
        while process.returncode is None:
            process.send_signal(second)
            await asyncio.wait({asyncio.create_task(process.wait())}, timeout=0.2)
        assert process.returncode == -second
        assert b"Traceback" not in await process.stderr.read()
