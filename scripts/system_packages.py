"""Tools that a command needs, and the Debian packages that bring them."""

import os
import shutil
import subprocess
from collections.abc import Mapping


class MissingPackagesError(Exception):
    """Tools are missing and cannot be installed from here; the message says how to."""


def install(tools: Mapping[str, str]) -> None:
    """Install the packages of the `tools` (command to package) that are missing.

    Raises MissingPackagesError where that takes another user than root, or fails.
    """
    missing = sorted({package for tool, package in tools.items() if shutil.which(tool) is None})
    if not missing:
        return
    command = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *missing]
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise MissingPackagesError(
            f"missing: {', '.join(missing)}; run this as root, then try again: {' '.join(command)}"
        )
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    # A repository of somebody else that does not answer must not stop us.
    subprocess.run(["apt-get", "update", "--quiet", "--quiet"], check=False)
    done = subprocess.run(
        command, env=environment, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        words = done.stdout.decode(errors="replace")[-2000:]
        raise MissingPackagesError(f"{' '.join(command)} failed:\n{words}")
