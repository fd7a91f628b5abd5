#!/bin/bash
# Runs one stage by pi-gen's conventions, where pi-gen itself cannot be had.
#
#   stage_runner.sh CONFIG PREVIOUS_ROOTFS STAGE_FOLDER WORK_FOLDER
#
# It does what pi-gen's README says of a stage: `prerun.sh`, then each sub-stage in order of its
# name, and in that 00-debconf, 00-packages-nr, 00-packages, 00-run.sh, 00-run-chroot.sh, then 01-…;
# SKIP leaves a sub-stage out. Steps find ROOTFS_DIR, STAGE_DIR, BASE_DIR and the functions
# `on_chroot`, `copy_previous` and `log`. Not there, because our stage does not use them: patches,
# NOOBS, and everything after the last stage.
set -euo pipefail

config=$1
export PREV_ROOTFS_DIR=$2 STAGE_DIR=$3 WORK_DIR=$4
STAGE=$(basename "$STAGE_DIR")
export STAGE BASE_DIR=$WORK_DIR STAGE_WORK_DIR=$WORK_DIR/$STAGE
export ROOTFS_DIR=$STAGE_WORK_DIR/rootfs ARCH=${ARCH:-armhf}
mkdir -p "$STAGE_WORK_DIR"
# shellcheck source=/dev/null
source "$config"

log() { echo "$(date +%T) $*"; }

copy_previous() {
    mkdir -p "$ROOTFS_DIR"
    rsync --archive --hard-links --acls --xattrs --one-file-system "$PREV_ROOTFS_DIR/" "$ROOTFS_DIR/"
}

on_chroot() { chroot "$ROOTFS_DIR" bash -e; }
export -f log copy_previous on_chroot

# What a process in the root expects of a machine; all of it goes with this script's name space.
mount_system() {
    mount -t proc proc "$ROOTFS_DIR/proc"
    mount --rbind --make-rslave /dev "$ROOTFS_DIR/dev"
    mount --bind /sys "$ROOTFS_DIR/sys"
    mount -t tmpfs tmpfs "$ROOTFS_DIR/run"
    mount -t tmpfs tmpfs "$ROOTFS_DIR/tmp"
}

packages() { sed 's/#.*//' "$1" | tr '\n' ' '; }

run_step() {
    local step=$1
    if [ -f "$step-debconf" ]; then
        on_chroot <<<"debconf-set-selections <<'ANSWERS'
$(cat "$step-debconf")
ANSWERS"
    fi
    [ ! -f "$step-packages-nr" ] ||
        on_chroot <<<"apt-get install --no-install-recommends -y $(packages "$step-packages-nr")"
    [ ! -f "$step-packages" ] || on_chroot <<<"apt-get install -y $(packages "$step-packages")"
    [ ! -x "$step-run.sh" ] || "./$step-run.sh"
    [ ! -f "$step-run-chroot.sh" ] || on_chroot <"$step-run-chroot.sh"
}

cd "$STAGE_DIR"
[ ! -x prerun.sh ] || ./prerun.sh
mount_system
for sub_stage in "$STAGE_DIR"/*/; do
    [ ! -e "$sub_stage/SKIP" ] || continue
    cd "$sub_stage"
    for number in {00..99}; do
        if compgen -G "$number-*" >/dev/null; then
            log "$(basename "$sub_stage")/$number"
            run_step "$number"
        fi
    done
done
