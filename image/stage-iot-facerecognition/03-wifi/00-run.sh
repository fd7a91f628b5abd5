#!/bin/bash -e
# Wi-Fi: country, no power save, and a watchdog that reconnects.

if [[ ! "${WPA_COUNTRY}" =~ ^([A-Z][A-Z])?$ ]]; then
    echo "WPA_COUNTRY=${WPA_COUNTRY}: it has to be a country's two letters, such as DE" >&2
    exit 1
fi

install -d "${ROOTFS_DIR}/etc/NetworkManager/conf.d" "${ROOTFS_DIR}/usr/local/sbin"
install -m 644 files/networkmanager.conf \
    "${ROOTFS_DIR}/etc/NetworkManager/conf.d/10-iot-facerecognition.conf"
install -m 755 files/iot-facerecognition-wifi-watchdog "${ROOTFS_DIR}/usr/local/sbin/"
install -m 644 files/iot-facerecognition-wifi-watchdog.{service,timer} \
    "${ROOTFS_DIR}/etc/systemd/system/"

# Without a country the radio stays off, as the law of most of them wants it. First boot sets the
# one that the owner names.
install -d "${ROOTFS_DIR}/var/lib/NetworkManager"
if [ -z "${WPA_COUNTRY}" ]; then
    install -m 644 files/NetworkManager.state "${ROOTFS_DIR}/var/lib/NetworkManager/"
else
    sed -i "1s/\$/ cfg80211.ieee80211_regdom=${WPA_COUNTRY}/" \
        "${ROOTFS_DIR}/boot/firmware/cmdline.txt"
    rm -f "${ROOTFS_DIR}/var/lib/NetworkManager/NetworkManager.state"
fi

on_chroot <<EOF
systemctl enable NetworkManager.service iot-facerecognition-wifi-watchdog.timer
EOF
