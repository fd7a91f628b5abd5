#!/bin/bash -e
# Accounts without a password, and the tuned memory copies of ARMv6. Who may use the account, and its
# sudo, is first boot's to say: the owner of a key.

on_chroot <<EOF
# stage1 gives root a password that everybody knows.
usermod --password '*' root
usermod --password '*' --shell /bin/bash "${FIRST_USER_NAME}"
usermod --append --groups sudo,systemd-journal "${FIRST_USER_NAME}"
# For the devices' rules of raspberrypi-sys-mods.
for group in gpio i2c input spi; do
    groupadd --force --system "\${group}"
done
systemctl enable rpi-resize.service avahi-daemon.service
EOF

if [ "${ARCH}" = armhf ]; then
    on_chroot <<EOF
apt-get install --yes --no-install-recommends raspi-copies-and-fills </dev/null
EOF
    # Its library is loaded into every process, which the emulated ones of this build cannot bear;
    # pi-gen's export puts the file back.
    if [ -f "${ROOTFS_DIR}/etc/ld.so.preload" ]; then
        mv "${ROOTFS_DIR}/etc/ld.so.preload" "${ROOTFS_DIR}/etc/ld.so.preload.disabled"
    fi
fi

if [ -n "${IOT_EXTRA_PACKAGES}" ]; then
    on_chroot <<EOF
apt-get install --yes --no-install-recommends ${IOT_EXTRA_PACKAGES} </dev/null
EOF
fi
