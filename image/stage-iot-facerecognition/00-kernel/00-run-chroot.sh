#!/bin/bash -e
# Leaves the one kernel that the boards of this image boot: v6 for a Zero W, v8 for 64-bit boards.
# pi-gen's stage0 installs those of all boards, with headers, which bring a compiler.

export DEBIAN_FRONTEND=noninteractive
case "${ARCH}" in
    armhf) kernel=rpi-v6 images="kernel.img initramfs" ;;
    arm64) kernel=rpi-v8 images="kernel8.img initramfs8" ;;
    *) echo "no kernel is known for ARCH=${ARCH}; it can be armhf or arm64" >&2 && exit 1 ;;
esac

others=()
while read -r state package; do
    case "${state} ${package%%:*}" in
        "ii linux-image-"*"${kernel}") ;;
        "ii "*) others+=("${package}") ;;
    esac
done < <(dpkg-query --show --showformat='${db:Status-Abbrev} ${binary:Package}\n' \
    'linux-image-*' 'linux-headers-*' 'linux-kbuild-*' 2>/dev/null)
if [ "${#others[@]}" -gt 0 ]; then
    apt-get purge --yes --auto-remove "${others[@]}" </dev/null
fi

# What the removed kernels' scripts may have left for the firmware to find.
for file in /boot/firmware/kernel*.img /boot/firmware/initramfs*; do
    case " ${images} " in
        *" ${file##*/} "*) ;;
        *) rm -f "${file}" ;;
    esac
done

# The other architecture was there for its kernel only.
foreign=$(dpkg-query --show --showformat='${Architecture}\n' | sort -u |
    grep --invert-match --line-regexp --regexp=all --regexp="$(dpkg --print-architecture)" || true)
for architecture in $(dpkg --print-foreign-architectures); do
    grep --quiet --line-regexp "${architecture}" <<<"${foreign}" ||
        dpkg --remove-architecture "${architecture}"
done
