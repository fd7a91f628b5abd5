#!/bin/bash -e
# SSH: by key only, and off until a key is given.

install -d "${ROOTFS_DIR}/etc/ssh/sshd_config.d" "${ROOTFS_DIR}/etc/systemd/system/ssh.service.d"
install -m 644 files/sshd_config "${ROOTFS_DIR}/etc/ssh/sshd_config.d/10-iot-facerecognition.conf"
install -m 644 files/ssh.service.conf \
    "${ROOTFS_DIR}/etc/systemd/system/ssh.service.d/10-iot-facerecognition.conf"
rm -f "${ROOTFS_DIR}/etc/ssh/"ssh_host_*

# A socket would answer without looking for a key.
on_chroot <<EOF
systemctl disable ssh.service
systemctl mask ssh.socket
EOF
