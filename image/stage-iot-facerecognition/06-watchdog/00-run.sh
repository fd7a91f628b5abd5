#!/bin/bash -e
# The hardware watchdog: a machine that hangs as a whole starts again.

install -d "${ROOTFS_DIR}/etc/systemd/system.conf.d" "${ROOTFS_DIR}/etc/sysctl.d"
# After raspberrypi-sys-mods' own file, which begins with 70 or less.
install -m 644 files/system.conf \
    "${ROOTFS_DIR}/etc/systemd/system.conf.d/90-iot-facerecognition.conf"
install -m 644 files/sysctl.conf "${ROOTFS_DIR}/etc/sysctl.d/90-iot-facerecognition-watchdog.conf"
