#!/bin/bash
# Builds the SD-card image of the edge with pi-gen, and puts next to it what a release needs.
#
#   image/build.sh [--docker] [--arch armhf|arm64] [--key KEY | --unsigned] [--base-url URL]
#                  [--deb FILE] [--output FOLDER] [--prepare]
#
#   --docker    build in a container: for systems that are not Debian (docker or podman as docker)
#   --arch      armhf (default): Pi Zero, Zero W, 1; arm64: Zero 2 W, 3, 4, 5
#   --key       private SSH key that signs the checksums (ssh-keygen -t ed25519); --unsigned: none
#   --base-url  where the files will be downloaded from; the repository JSON names it
#   --deb       the edge's package; without it, `make deb` makes it
#   --output    where the files go (default: dist/image)
#   --prepare   only bring pi-gen, stage and configuration together, and say where
#
# Settings of the image: image/config. pi-gen comes from PI_GEN_SOURCE, an address or a folder
# (default https://github.com/RPi-Distro/pi-gen), at the commit that image/pi-gen.pins names.
# Building needs root, 10 GB of disk and, with pi-gen's own downloads, about an hour.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
repository=$(dirname "$here")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/iot-facerecognition
STAGE=stage-iot-facerecognition

say() { echo "image: $*" >&2; }
fail() {
    echo "image: $*" >&2
    exit 1
}
usage() { sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0"; }

arch=armhf docker='' key='' unsigned='' base_url='' deb='' prepare=''
output=$repository/dist/image
while [ $# -gt 0 ]; do
    case $1 in
        --docker) docker=yes ;;
        --prepare) prepare=yes ;;
        --unsigned) unsigned=yes ;;
        --arch | --key | --base-url | --deb | --output)
            [ $# -gt 1 ] || fail "$1 needs a value"
            case $1 in
                --arch) arch=$2 ;;
                --key) key=$(realpath --canonicalize-missing "$2") ;;
                --base-url) base_url=$2 ;;
                --deb) deb=$(realpath --canonicalize-missing "$2") ;;
                --output) output=$(realpath --canonicalize-missing "$2") ;;
            esac
            shift
            ;;
        -h | --help) usage && exit 0 ;;
        *) fail "$1 is not known; image/build.sh --help lists what is" ;;
    esac
    shift
done
read -r branch commit < <(awk -v arch="$arch" '$1 == arch { print $2, $3 }' "$here/pi-gen.pins") ||
    fail "--arch $arch: it can be armhf or arm64"

version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$repository/pyproject.toml")
name=iot-facerecognition-edge-$version
[ "$arch" = armhf ] || name=$name-$arch
work=$repository/build/image-$arch
pi_gen=$work/pi-gen

# What stops a build late is looked for early.
preflight() {
    [ -n "$key$unsigned" ] ||
        fail "say who vouches for the image: --key FILE (ssh-keygen -t ed25519 -f image.key makes" \
            "one), or --unsigned for an image of your own"
    [ -z "$key" ] || [ -r "$key" ] || fail "the key $key cannot be read"
    for tool in xz bmaptool debugfs ssh-keygen; do
        command -v "$tool" >/dev/null || fail "$tool is missing: apt install xz-utils bmap-tools" \
            "e2fsprogs openssh-client"
    done
    [ -z "$docker" ] || return 0
    [ "$(id -u)" = 0 ] || fail "pi-gen mounts file systems: run this as root, or with --docker"
    grep --quiet --word-regexp vfat /proc/filesystems || modprobe vfat 2>/dev/null ||
        fail "this machine's kernel cannot mount FAT file systems (vfat), which pi-gen needs to" \
            "write the boot partition; build on another machine (a container shares the kernel)"
}

# Brings pi-gen's pinned commit into the cache: a commit's name is the hash of all it holds.
fetch_pi_gen() {
    local store=$cache/pi-gen.git source=${PI_GEN_SOURCE:-https://github.com/RPi-Distro/pi-gen}
    [ -d "$store" ] || git init --quiet --bare "$store"
    if ! git -C "$store" cat-file -e "$commit^{commit}" 2>/dev/null; then
        say "fetching pi-gen's $branch at ${commit:0:12} from $source"
        git -C "$store" fetch --quiet --depth 1 "$source" "$commit" 2>/dev/null ||
            git -C "$store" fetch --quiet "$source" "$branch" ||
            fail "pi-gen cannot be fetched from $source; PI_GEN_SOURCE names another place"
        git -C "$store" cat-file -e "$commit^{commit}" ||
            fail "$source has no commit $commit (image/pi-gen.pins)"
        git -C "$store" update-ref "refs/pins/$arch" "$commit"
    fi
    rm -rf "$pi_gen"
    mkdir -p "$pi_gen"
    git -C "$store" archive "$commit" | tar --extract --directory "$pi_gen"
}

bring_package() {
    if [ -z "$deb" ]; then
        make --directory "$repository" deb
        deb=$(find "$repository/dist" -maxdepth 1 -name 'iot-facerecognition-edge_*_all.deb' \
            -printf '%T@ %p\n' | sort --numeric-sort | tail -n 1 | cut -d ' ' -f 2-)
    fi
    [ -f "$deb" ] || fail "the edge's package is missing (${deb:-none in dist/}): make deb makes it"
    mkdir -p "$pi_gen/$STAGE/09-package/files"
    cp "$deb" "$pi_gen/$STAGE/09-package/files/"
}

setting() { printf 'export %s=%q\n' "$1" "$2"; }

# Prints pi-gen's configuration: ours, and what follows from it; exported, for the stage's steps.
configuration() {
    # shellcheck source=image/config
    source "$here/config"
    local variable
    for variable in WPA_COUNTRY TARGET_HOSTNAME TIMEZONE_DEFAULT LOCALE_DEFAULT FIRST_USER_NAME \
        APT_PROXY "${!IOT_@}"; do
        setting "$variable" "${!variable}"
    done
    setting IMG_NAME iot-facerecognition-edge
    setting IMG_FILENAME "$name"
    setting PI_GEN_RELEASE "iot-facerecognition edge $version"
    setting RELEASE trixie
    setting STAGE_LIST "stage0 stage1 $STAGE"
    setting DEPLOY_COMPRESSION none
    setting ENABLE_CLOUD_INIT 0
    setting GIT_HASH "$commit"
}

# Puts the pieces together in a folder of their own; pi-gen's files stay as they are but for a mark.
prepare_pi_gen() {
    fetch_pi_gen
    cp --recursive "$here/$STAGE" "$pi_gen/$STAGE"
    bring_package
    configuration >"$pi_gen/config"
    # That step asks for a user's name at the first start, or for a password in the image.
    touch "$pi_gen/export-image/01-user-rename/SKIP"
}

build() {
    cd "$pi_gen"
    if [ -n "$docker" ]; then
        CONTAINER_NAME=pigen-iot-facerecognition ./build-docker.sh
    else
        ./build.sh
    fi
    cd "$repository"
}

[ -n "$prepare" ] || preflight
prepare_pi_gen
if [ -n "$prepare" ]; then
    say "ready: cd $pi_gen && ./build.sh"
    exit 0
fi
build
say "writing checksums, lists and manifests"
cd "$repository"
python3 -m image.artefacts "$pi_gen/deploy/$name.img" --version "$version" \
    --arch "$arch" --output "$output" \
    ${base_url:+--base-url "$base_url"} ${key:+--key "$key"} ${unsigned:+--unsigned}
