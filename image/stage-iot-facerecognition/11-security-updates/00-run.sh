#!/bin/bash -e
# Unattended security updates, where IOT_SECURITY_UPDATES asks for them.

[ "${IOT_SECURITY_UPDATES}" = 1 ] || exit 0

on_chroot <<EOF
apt-get install --yes --no-install-recommends unattended-upgrades </dev/null
systemctl unmask apt-daily.timer apt-daily-upgrade.timer
systemctl enable apt-daily.timer apt-daily-upgrade.timer
EOF
for file in 20auto-upgrades 50unattended-upgrades; do
    install -m 644 "files/${file}" "${ROOTFS_DIR}/etc/apt/apt.conf.d/${file}"
done
