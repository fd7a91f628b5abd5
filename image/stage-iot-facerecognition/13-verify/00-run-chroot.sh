#!/bin/bash -e
# Looks once more: what the image must have, and what it must not.

wrong=0
fail() {
    echo "this image is not right: $*" >&2
    wrong=1
}

for tool in gcc g++ cc c++ clang rustc go; do
    ! command -v "${tool}" >/dev/null || fail "a compiler is in it: ${tool}"
done
for tool in Xorg Xwayland labwc wayfire lightdm; do
    ! command -v "${tool}" >/dev/null || fail "a desktop is in it: ${tool}"
done

kernels=$(dpkg-query --show --showformat='${db:Status-Abbrev}${Package}\n' 'linux-image-[0-9]*' \
    2>/dev/null | grep --count '^ii' || true)
[ "${kernels}" = 1 ] || fail "${kernels} kernels are in it instead of one"

while IFS=: read -r account password _; do
    case "${password}" in
        '*' | '!'*) ;;
        *) fail "the account ${account} has a password" ;;
    esac
done </etc/shadow
for unit in ssh.service ssh.socket sshswitch.service; do
    [ "$(systemctl is-enabled "${unit}" 2>/dev/null || true)" != enabled ] ||
        fail "${unit} is enabled: SSH is off until the owner gives a key"
done
for key in /etc/ssh/ssh_host_*; do
    [ ! -e "${key}" ] || fail "every device would have the same host key: ${key}"
done
for keys in /root/.ssh/authorized_keys /home/*/.ssh/authorized_keys; do
    [ ! -e "${keys}" ] || fail "somebody's key would be on every device: ${keys}"
done
for unit in iot-facerecognition-edge.service iot-facerecognition-first-boot.service; do
    [ "$(systemctl is-enabled "${unit}" 2>/dev/null || true)" = enabled ] ||
        fail "${unit} is not enabled"
done
[ "$(grep --count '^include display-' /boot/firmware/config.txt)" = 1 ] ||
    fail "config.txt has to include one display file"
grep --quiet '^\[iot-facerecognition\]' /boot/firmware/iot-facerecognition.toml ||
    fail "there is no file with settings for its owner to edit"
exit "${wrong}"
