"""How this machine is doing, read from /proc and /sys."""

from pathlib import Path

from iot_facerecognition_edge.machine.addresses import OwnAddress, own_addresses
from iot_facerecognition_protocol.records import dataclass

_MILLI = 1e-3
_KIBI = 1024
_THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"
"""The Raspberry Pi's firmware, by the kernel; what `vcgencmd get_throttled` shows."""
_QUALITY_RANGE = 63
"""Above this a level of /proc/net/wireless is an unsigned dBm value, below a relative one."""
_SIGNAL_COLUMN = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the machine; what it does not tell is None.

    `temperature` is the processor's in °C, `throttled` the firmware's bit field (1 under-voltage,
    2 frequency capped, 4 throttled; from 65536 on the same since boot), `wifi` whether a radio has
    a link (None: there is no radio), `signal` its strength in dBm, `memory_free` in bytes and
    `uptime` in seconds.
    """

    temperature: float | None = None
    throttled: int | None = None
    wifi: bool | None = None
    signal: float | None = None
    memory_free: int | None = None
    uptime: float | None = None


@dataclass(frozen=True, slots=True)
class WifiLink:
    """The radio: whether there is a link (None: no Wi-Fi here) and its strength in dBm."""

    wifi: bool | None
    signal: float | None
    text: str


def network_of(reading: Reading) -> WifiLink:
    """Return the radio as views show it."""
    if reading.wifi is None:
        text = "no Wi-Fi here"
    elif not reading.wifi:
        text = "Wi-Fi has no link"
    elif reading.signal is None:
        text = "Wi-Fi has a link"
    else:
        text = f"Wi-Fi at {reading.signal:.0f} dBm"
    return WifiLink(reading.wifi, reading.signal, text)


class HealthReader:
    """Reads under `root`, which is / except in tests."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def read(self) -> Reading:
        """Look at everything once; takes about a millisecond."""
        wifi, signal = self._radio()
        return Reading(
            temperature=self._temperature(),
            throttled=self._throttled(),
            wifi=wifi,
            signal=signal,
            memory_free=self._memory_free(),
            uptime=self._uptime(),
        )

    def addresses(self) -> tuple[OwnAddress, ...]:
        """Return the addresses at which others may reach this device."""
        return own_addresses(self._root)

    def _text(self, path: str) -> str | None:
        try:
            return (self._root / path).read_text(errors="replace")
        except OSError:
            # Not every machine has every file, and drivers refuse some reads now and then.
            return None

    def _temperature(self) -> float | None:
        for zone in sorted(self._root.glob("sys/class/thermal/thermal_zone*")):
            kind = self._text(str(zone.relative_to(self._root) / "type")) or ""
            text = self._text(str(zone.relative_to(self._root) / "temp"))
            if text is not None and ("cpu" in kind or "x86_pkg" in kind):
                return _number(text, _MILLI)
        return None

    def _throttled(self) -> int | None:
        text = self._text(_THROTTLED)
        if text is None:
            return None
        try:
            return int(text, 16)
        except ValueError:
            return None

    def _memory_free(self) -> int | None:
        for line in (self._text("proc/meminfo") or "").splitlines():
            name, _, rest = line.partition(":")
            if name == "MemAvailable":
                kibibytes = _number(rest.split()[0]) if rest.split() else None
                return None if kibibytes is None else int(kibibytes) * _KIBI
        return None

    def _uptime(self) -> float | None:
        words = (self._text("proc/uptime") or "").split()
        return _number(words[0]) if words else None

    def _radio(self) -> tuple[bool | None, float | None]:
        names = sorted(path.parent.name for path in self._root.glob("sys/class/net/*/phy80211"))
        if not names:
            return None, None
        up = [
            name
            for name in names
            if (self._text(f"sys/class/net/{name}/operstate") or "").strip() == "up"
        ]
        return bool(up), self._signal(up[0]) if up else None

    def _signal(self, name: str) -> float | None:
        for line in (self._text("proc/net/wireless") or "").splitlines():
            interface, _, rest = line.partition(":")
            columns = rest.split()
            if interface.strip() != name or len(columns) < _SIGNAL_COLUMN:
                continue
            level = _number(columns[_SIGNAL_COLUMN - 1].rstrip("."))
            if level is None or 0 <= level <= _QUALITY_RANGE:
                return None
            return level if level < 0 else level - 256
        return None


def _number(text: str, scale: float = 1.0) -> float | None:
    try:
        return float(text) * scale
    except ValueError:
        return None
