#!/bin/bash -e
# Compressed swap in memory.

install -m 644 files/zram-generator.conf "${ROOTFS_DIR}/etc/systemd/zram-generator.conf"
install -d "${ROOTFS_DIR}/etc/sysctl.d"
install -m 644 files/sysctl.conf "${ROOTFS_DIR}/etc/sysctl.d/90-iot-facerecognition-zram.conf"
