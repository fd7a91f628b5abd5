#!/bin/bash -e
# What does not have to run before, or at all: files/masked-units says why.

mapfile -t units < <(sed 's/#.*//; s/[[:space:]]*$//; /^$/d' files/masked-units)
on_chroot <<EOF
systemctl mask ${units[*]}
systemctl set-default multi-user.target
EOF
