#!/bin/bash -e
# What the firmware reads from the boot partition: camera, contiguous memory, screen.

boot="${ROOTFS_DIR}/boot/firmware"
case "${IOT_DISPLAY}" in
    kms | spi) ;;
    *) echo "IOT_DISPLAY=${IOT_DISPLAY}: it can be kms or spi" >&2 && exit 1 ;;
esac
case "${IOT_CMA}" in
    64 | 96 | 128 | 192 | 256) ;;
    *) echo "IOT_CMA=${IOT_CMA}: it can be 64, 96, 128, 192 or 256 (megabytes)" >&2 && exit 1 ;;
esac
if [[ ! "${IOT_SPI_PANEL},${IOT_CAMERA}" =~ ^[A-Za-z0-9_,.=:-]+$ ]]; then
    echo "IOT_SPI_PANEL and IOT_CAMERA hold an overlay's name and parameters:" \
        "${IOT_SPI_PANEL} ${IOT_CAMERA}" >&2
    exit 1
fi

install -d "${boot}"
for file in config.txt display-kms.txt display-spi.txt cmdline.txt; do
    install -m 644 "files/${file}" "${boot}/${file}"
done
sed -i "s/^#include display-${IOT_DISPLAY}.txt/include display-${IOT_DISPLAY}.txt/" \
    "${boot}/config.txt"
sed -i "s/IOT_CMA/${IOT_CMA}/; s/IOT_SPI_PANEL/${IOT_SPI_PANEL}/" "${boot}"/display-*.txt
if [ "${IOT_CAMERA}" != auto ]; then
    sed -i "s/^camera_auto_detect=1/camera_auto_detect=0\ndtoverlay=${IOT_CAMERA}/" \
        "${boot}/config.txt"
fi
if [ "${ARCH}" = arm64 ]; then
    echo "arm_64bit=1" >>"${boot}/config.txt"
fi
