#!/bin/bash -e
# The journal: in memory, bounded.

install -d "${ROOTFS_DIR}/etc/systemd/journald.conf.d"
install -m 644 files/journald.conf \
    "${ROOTFS_DIR}/etc/systemd/journald.conf.d/10-iot-facerecognition.conf"
rm -rf "${ROOTFS_DIR}/var/log/journal"
