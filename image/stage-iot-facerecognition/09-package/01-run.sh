#!/bin/bash -e
# The edge itself: the Debian package that image/build.sh has put next to this script; and the
# commented file with the settings, where its owner finds it on the card.

packages=(files/iot-facerecognition-edge_*_all.deb)
if [ "${#packages[@]}" != 1 ] || [ ! -f "${packages[0]}" ]; then
    echo "one iot-facerecognition-edge_VERSION_all.deb has to be in ${PWD}/files:" \
        "image/build.sh lays it there, made by 'make deb'" >&2
    exit 1
fi
place=/var/cache/iot-facerecognition-edge.deb
install -m 644 "${packages[0]}" "${ROOTFS_DIR}${place}"
on_chroot <<EOF
apt-get install --yes --no-install-recommends ${place} </dev/null
systemctl enable iot-facerecognition-edge.service iot-facerecognition-first-boot.service
iot-facerecognition-first-boot template >/boot/firmware/iot-facerecognition.toml
apt-get clean
EOF
rm "${ROOTFS_DIR}${place}"
