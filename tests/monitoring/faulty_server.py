"""The real server, in which a file of a name makes a part fail as broken hardware would.

`python -m tests.monitoring.faulty_server FOLDER …`: with `FOLDER/worker` the next worker that has
done a piece of work dies of it, once; with `FOLDER/disk` the reference file cannot be looked at;
with `FOLDER/self-test` the networks compute something else; with `FOLDER/objects` the classifier
takes as long as on a machine that has no time for it.
"""

import inspect
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from iot_facerecognition_server.cli import main
from iot_facerecognition_server.engine.local import LocalEngine
from iot_facerecognition_server.gallery.keeper import GalleryKeeper
from iot_facerecognition_server.observability.self_test import SelfTest, SelfTestError
from iot_facerecognition_server.pipeline.tools import Network

BATCH_SECONDS = 3.0
"""For a few crops; a frame has several such batches."""

GALLERY_SECONDS = 0.5
"""How often the reference file is looked at: a test does not wait for the product's interval."""


def break_parts(faults: Path) -> None:
    """Let the parts look for their faults."""
    work: Any = LocalEngine._work
    begin: Any = GalleryKeeper.__init__
    test: Any = SelfTest.run

    def dying(engine: LocalEngine, worker: Any, progressed: Callable[[], None]) -> None:
        def progressed_or_died() -> None:
            progressed()
            if (faults / "worker").exists():
                (faults / "worker").unlink()
                raise MemoryError("the lab's fault")

        work(engine, worker, progressed_or_died)

    def keeper(one: GalleryKeeper, *arguments: Any, **named: Any) -> None:
        given = inspect.signature(begin).bind(one, *arguments, **named)
        fingerprint = given.arguments["fingerprint"]

        def read() -> str:
            if (faults / "disk").exists():
                raise OSError(5, "Input/output error", "faces.json")
            return str(fingerprint())

        given.arguments |= {
            "fingerprint": read,
            "seconds": min(given.arguments["seconds"], GALLERY_SECONDS),
        }
        begin(*given.args, **given.kwargs)

    async def tested(one: SelfTest, *arguments: Any, **named: Any) -> None:
        if (faults / "self-test").exists():
            raise SelfTestError("the lab's fault: the networks compute something else")
        await test(one, *arguments, **named)

    patched: Any = (LocalEngine, GalleryKeeper, SelfTest)
    patched[0]._work, patched[1].__init__, patched[2].run = dying, keeper, tested
    slow_down(faults)


def slow_down(faults: Path) -> None:
    """Let the classifier look for its fault."""
    run: Any = LocalEngine._run

    def slow(engine: LocalEngine, network: Network, items: Any) -> None:
        if network is Network.CLASSIFIER and (faults / "objects").exists():
            time.sleep(BATCH_SECONDS)
        run(engine, network, items)

    patched: Any = LocalEngine
    patched._run = slow


if __name__ == "__main__":
    break_parts(Path(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
