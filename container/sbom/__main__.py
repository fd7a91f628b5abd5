"""Prints what the image is made of as a CycloneDX 1.6 list, each part with its licence.

CycloneDX's own tool lists the Python environment, and its library writes the whole. Debian's
packages and the networks' files, which that tool does not look for, are added; and where a Python
package names no licence of SPDX's list ("BSD License"), the text of its licence decides. How many
parts state no licence goes to standard error, with their names.

Usage: python -m container.sbom ENVIRONMENT, with cyclonedx-bom installed (requirements-sbom.txt)
"""

import json
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

from cyclonedx.model.bom import Bom

from container.sbom import inventory


def listed_by_the_tool(environment: Path) -> Bom:
    """Let CycloneDX's tool list the packages of `environment`. Raises CalledProcessError."""
    form = ["--spec-version", "1.6", "--output-reproducible"]
    told = subprocess.run(  # noqa: S603 - fixed words
        [sys.executable, "-m", "cyclonedx_py", "environment", str(environment), *form],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return inventory.parsed(json.loads(told.stdout))


def main(environment: Path) -> None:
    """Print the list, and how complete its licences are."""
    places = {"base": str(environment), "platbase": str(environment)}
    folders = sorted({sysconfig.get_path(which, vars=places) for which in ("purelib", "platlib")})
    distributions = {one.name: one for one in metadata.distributions(path=folders)}
    made = inventory.whole(listed_by_the_tool(environment), distributions)
    sys.stdout.write(inventory.as_json(made) + "\n")
    silent = sorted(part.name for part in made.components if not part.licenses)
    count = len(made.components)
    told = f"sbom: {count} parts, {count - len(silent)} with their licence"
    sys.stderr.write(f"{told}; none is stated by: {', '.join(silent)}\n" if silent else f"{told}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
