"""The server, among libraries that print: `python noisy_server.py HOW`.

HOW is `lives` for a server that goes on to serve, or the way in which a library ends the process.
"""

import asyncio
import ctypes
import os
import sys
import threading
import warnings

from iot_facerecognition_server.cli import main, serving

HOW = sys.argv.pop()
libc = ctypes.CDLL(None)
run = serving._run


class Broken:
    def __del__(self) -> None:
        raise ValueError("raised in a destructor")


def fail() -> None:
    raise ValueError("raised in a thread")


async def forgotten() -> None:
    raise ValueError("raised in a task")


def among_libraries(*arguments: object) -> None:
    # Only here, since it prints when it is told to.
    from iot_facerecognition_server.assembly import server as assembly  # noqa: PLC0415

    serve = assembly.serve

    async def noisy(*arguments: object) -> None:
        await make_noise()
        await serve(*arguments)

    assembly.serve = noisy
    run(*arguments)


async def make_noise() -> None:
    libc.puts(b"C on standard output")
    libc.fflush(None)
    os.write(2, b"C on standard error, \xff no UTF-8\nand a line ")
    os.write(2, b"in two parts\n\n")
    print("Python on standard output", flush=True)
    print("Python on standard error", file=sys.stderr)
    warnings.warn("a library warns", stacklevel=1)
    thread = threading.Thread(target=fail, name="noisy")
    thread.start()
    thread.join()
    Broken()
    task = asyncio.create_task(forgotten())
    await asyncio.sleep(0)
    del task
    if HOW == "abort":
        os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n")
        os.abort()
    if HOW == "exit":
        os.write(2, b"libgomp: Thread creation failed")
        libc.exit(1)


serving._run = among_libraries
sys.exit(main())
