#!/bin/bash -e
# The time of day before TLS needs it.

install -d "${ROOTFS_DIR}/etc/systemd/timesyncd.conf.d"
install -m 644 files/timesyncd.conf \
    "${ROOTFS_DIR}/etc/systemd/timesyncd.conf.d/05-iot-facerecognition-image.conf"

# systemd-time-wait-sync stays off: everything after time-sync.target, the screen too, would wait
# for a network that may never come.
on_chroot <<EOF
ln -sf "/usr/share/zoneinfo/${TIMEZONE_DEFAULT}" /etc/localtime
test -e /etc/localtime
systemctl enable systemd-timesyncd.service
systemctl disable systemd-time-wait-sync.service
EOF
