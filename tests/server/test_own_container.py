"""The container's id, out of what the kernel tells of its mounts."""

import pytest

from iot_facerecognition_server.own_container import container_id

ID = "3f2a" * 16
OTHER = "b0b1" * 16


@pytest.mark.parametrize(
    "line",
    [
        f"1 2 8:1 /var/lib/docker/containers/{ID}/hostname /etc/hostname rw - ext4 /dev/sda1 rw",
        f"1 2 8:1 /docker/containers/{ID}/resolv.conf /etc/resolv.conf rw - ext4 /dev/sda1 rw",
        f"1 2 0:5 /storage/overlay-containers/{ID}/userdata/hosts /etc/hosts rw - tmpfs tmpfs rw",
    ],
)
def test_docker_and_podman_are_told_apart_by_their_folders(tmp_path, line):
    (tmp_path / "mountinfo").write_text(f"1 2 0:30 / / ro - overlay overlay rw\n{line}\n")
    assert container_id(tmp_path / "mountinfo") == ID


def test_a_host_with_containers_is_none(tmp_path):
    (tmp_path / "mountinfo").write_text(
        f"1 2 0:9 / /var/lib/docker/containers/{OTHER}/mounts/shm rw - tmpfs shm rw\n"
        "1 2 8:1 /etc/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n"
        "cut\n"
    )
    assert container_id(tmp_path / "mountinfo") is None
    assert container_id(tmp_path / "missing") is None
