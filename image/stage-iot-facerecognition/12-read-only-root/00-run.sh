#!/bin/bash -e
# A root that nothing writes to, with a few folders that are kept, where IOT_READ_ONLY_ROOT asks.

[ "${IOT_READ_ONLY_ROOT}" = 1 ] || exit 0

on_chroot <<EOF
apt-get install --yes --no-install-recommends overlayroot fdisk e2fsprogs </dev/null
EOF
install -m 644 files/overlayroot.conf "${ROOTFS_DIR}/etc/overlayroot.conf"
install -d "${ROOTFS_DIR}/etc/iot-facerecognition" "${ROOTFS_DIR}/persistent"
install -m 644 files/persistent-folders "${ROOTFS_DIR}/etc/iot-facerecognition/"
install -m 755 files/iot-facerecognition-persistent "${ROOTFS_DIR}/usr/local/sbin/"
install -m 644 files/iot-facerecognition-persistent.service "${ROOTFS_DIR}/etc/systemd/system/"

# The rest of the card is the persistent partition's: the root does not grow.
sed -i 's/ resize\b//' "${ROOTFS_DIR}/boot/firmware/cmdline.txt"
on_chroot <<EOF
systemctl enable iot-facerecognition-persistent.service
systemctl disable rpi-resize.service
EOF
