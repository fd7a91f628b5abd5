#!/bin/bash -e
# Begins with a copy of what the stage before has left.

if [ ! -d "${ROOTFS_DIR}" ]; then
    copy_previous
fi
