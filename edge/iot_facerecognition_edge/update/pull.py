"""Pull mode: which version the device goes to by itself, and which it does not."""

from iot_facerecognition_edge.update.debian import Debian
from iot_facerecognition_edge.update.errors import UpdateError
from iot_facerecognition_edge.update.places import Places
from iot_facerecognition_edge.update.rejected import rejected
from iot_facerecognition_edge.update.settings import NEWEST, PullSettings


def version_to_pull(debian: Debian, places: Places, settings: PullSettings) -> str | None:
    """Return the version to install, None where there is nothing to do.

    Never an older one than is installed: who holds back the repository's new states, or replays an
    old one, which is signed as well, takes no device back to a known weakness. Never one that was
    rolled back here. Raises UpdateError.
    """
    debian.read_lists()
    wanted = debian.candidate() if settings.version == NEWEST else settings.version
    installed = debian.installed()
    if installed is None or wanted == installed.version:
        return None
    if not debian.newer(wanted, installed.version):
        if settings.version == NEWEST:
            return None
        raise UpdateError(
            f"{places.settings} asks for {wanted}, which is older than {installed.version}: by "
            f"itself this device never goes back; `install {wanted}` does"
        )
    if wanted in rejected(places):
        return None
    return wanted
