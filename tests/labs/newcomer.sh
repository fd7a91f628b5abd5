#!/bin/bash
# What somebody meets who has just cloned this: both commands in a minimal Debian trixie, first as a
# user without sudo, who must get one line for an administrator, then as one with it. From a
# fresh clone of HEAD, in a path with spaces, under umask 077, with 2 GB of /tmp in memory.
#
# The second user's way differs only in who installs the system's packages, so of the tests it runs
# those of set-up and of the client alone; NEWCOMER_TESTS names others.
#
# Needs root, a Debian mirror and 15 GB of disk; installs mmdebstrap. The root takes a minute the
# first time, and the packages that pip fetches are kept: 3 GB where only PyPI can be reached.
set -euo pipefail

repository=$(cd "$(dirname "$0")/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/iot-facerecognition/labs
packages=ca-certificates,git,make,python3,sudo
clean=$cache/newcomer
root=$cache/newcomer.run
second_tests=${NEWCOMER_TESTS:-tests/scripts tests/edge/client tests/test_imports.py}
clone="/home/newcomer/my projects/face recognition"

say() { echo "newcomer: $*" >&2; }
fail() { say "$*"; exit 1; }

make_clean_root() {
    [ "$(cat "$clean/.packages" 2>/dev/null)" = "$packages" ] && return
    if ! command -v mmdebstrap >/dev/null; then
        say "installing mmdebstrap …"
        apt-get update --quiet --quiet
        DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --quiet \
            --no-install-recommends mmdebstrap >/dev/null
    fi
    say "making a minimal Debian trixie root (a minute) …"
    rm -rf "$clean" "$clean.new"
    mkdir -p "$cache"
    mmdebstrap --quiet --variant=minbase --include="$packages" trixie "$clean.new"
    printf %s "$packages" >"$clean.new/.packages"
    mv "$clean.new" "$clean"
}

# pip in the root looks where pip on this machine does, and trusts whom it trusts.
lend_pip() {
    local settings place authority
    # What the environment says is listed first, and holds.
    settings=$(pip3 config list 2>/dev/null | sed -nE \
        "s/^(global|:env:)\.(index-url|extra-index-url|find-links)='(.*)'$/\2 = \3/p" |
        awk '!seen[$1]++')
    authority=${PIP_CERT:-$(pip3 config get global.cert 2>/dev/null || true)}
    {
        echo "[global]"
        printf '%s\n' "$settings"
        [ -z "$authority" ] || echo "cert = /etc/host-ca.crt"
    } >"$root/etc/pip.conf"
    [ -z "$authority" ] || cp -L "$authority" "$root/etc/host-ca.crt"
    for place in $(printf '%s\n' "$settings" | cut -d= -f2-); do
        place=${place#file://}
        place=${place%/simple}
        [ -d "$place" ] || continue
        mkdir -p "$root$place"
        mount --bind "$place" "$root$place"
        mount -o remount,bind,ro "$root$place"
    done
}

mount_root() {
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs -o size=2G,mode=1777 tmpfs "$root/tmp"
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    lend_pip
    chroot "$root" useradd --uid 4711 --create-home --shell /bin/bash newcomer
    mkdir -p "$cache/newcomer.pip" "$root/home/newcomer/.cache/pip"
    mount --bind "$cache/newcomer.pip" "$root/home/newcomer/.cache/pip"
    chown 4711:4711 "$root/home/newcomer/.cache" "$root/home/newcomer/.cache/pip"
}

fresh_clone() {
    rm -rf "$root$clone"
    (umask 077 && mkdir -p "$root$clone" && git clone --quiet --no-hardlinks "$repository" "$root$clone")
    chown -R 4711:4711 "$root${clone%/*}"
}

in_root() {  # in_root USER COMMAND...
    local user=$1 home=/root
    shift
    [ "$user" = root ] || home=/home/$user
    chroot --userspec="$user" --groups="$user" "$root" env -i HOME="$home" USER="$user" LANG=C.UTF-8 \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

as_newcomer() { in_root newcomer bash -c "umask 077; cd '$clone' && $1"; }

without_sudo() {
    say "without sudo: the first run tells one line, and makes nothing"
    if as_newcomer 'make test' 2>"$root/first-run"; then fail "make test passed without its library"; fi
    cat "$root/first-run" >&2
    [ ! -e "$root$clone/.venv" ] || fail "it made .venv before it could go on"
    local line
    line=$(sed -nE 's/^setup: +(sudo .*apt-get update && apt-get install .*)$/\1/p' "$root/first-run")
    [ "$(printf '%s' "$line" | grep -c .)" = 1 ] || fail "there is no one line to run in that"
    say "an administrator runs it: $line"
    in_root root sh -c "$line" >"$root/apt.log" 2>&1 || fail "that failed: $(cat "$root/apt.log")"
    say "make demo"
    as_newcomer 'make demo DEMO_SECONDS=15'
    say "make test"
    as_newcomer 'make test'
}

with_sudo() {
    say "with sudo: nothing has to be typed"
    in_root root sh -c 'apt-get purge -y -qq libturbojpeg0 "python3*-venv" && apt-get autoremove -y -qq' \
        >"$root/apt.log" 2>&1 || fail "apt-get: $(cat "$root/apt.log")"
    echo "newcomer ALL=(ALL) NOPASSWD: ALL" >"$root/etc/sudoers.d/newcomer"
    fresh_clone
    as_newcomer 'make demo DEMO_SECONDS=15'
    as_newcomer "make test PYTEST_ARGS='$second_tests'"
}

inside() {  # in namespaces of its own: whatever happens, nothing stays mounted and nothing runs on
    mount_root
    fresh_clone
    without_sudo
    with_sudo
}

[ "$(id -u)" = 0 ] || { say "needs root for mmdebstrap and chroot: sudo $0"; exit 2; }
if [ "${1:-}" = inside ]; then
    inside
    exit
fi
make_clean_root
rm -rf --one-file-system "$root"
cp -a "$clean" "$root"
# Not before the namespaces are gone, and with them what is mounted in there.
trap 'rm -rf --one-file-system "$root"' EXIT
unshare --mount --pid --fork --kill-child "$0" inside
say "both commands pass, without sudo and with it"
