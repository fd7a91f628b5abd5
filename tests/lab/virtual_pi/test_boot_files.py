from lab.virtual_pi.boot_files import _with_dependencies

LISTING = """\
kernel/fs/ext4/ext4.ko: kernel/lib/crc16.ko kernel/fs/mbcache.ko kernel/fs/jbd2/jbd2.ko
kernel/fs/jbd2/jbd2.ko:
kernel/fs/mbcache.ko:
kernel/lib/crc16.ko:
kernel/crypto/crc32c_generic.ko:
kernel/drivers/mmc/host/sdhci-iproc.ko: kernel/drivers/mmc/host/sdhci.ko
kernel/drivers/mmc/host/sdhci.ko:
kernel/drivers/media/vivid.ko: kernel/drivers/media/v4l2.ko
"""


def test_modules_are_loaded_after_those_that_they_depend_on(tmp_path):
    (tmp_path / "modules.dep").write_text(LISTING)
    names = [path.name for path in _with_dependencies(tmp_path)]
    assert set(names[:3]) == {"crc16.ko", "mbcache.ko", "jbd2.ko"}
    assert names[3:] == ["ext4.ko", "crc32c_generic.ko", "sdhci.ko", "sdhci-iproc.ko"]
