"""What a person means by a text: usually one value, by an address with a port two."""

from iot_facerecognition_client.address import split_address
from iot_facerecognition_edge.settings import pin
from iot_facerecognition_edge.settings.catalogue import setting
from iot_facerecognition_edge.settings.connection import ConnectionSettings
from iot_facerecognition_edge.settings.device import DeviceSettings
from iot_facerecognition_edge.settings.setting import Value
from iot_facerecognition_edge.settings.values import Settings

ADDRESS, PORT = ConnectionSettings.address.key, ConnectionSettings.port.key
PIN = DeviceSettings.pin.key


def entered(key: str, text: str, held: Settings | None = None) -> dict[str, Value]:
    """Return the values by key that `text`, entered for the setting `key`, stands for.

    Of a PIN a salted hash is kept, another one each time; the one that is `held` stays for the same
    PIN. Raises SettingError for a setting that is none and a value that is not allowed.
    """
    if key == PIN and held is not None and pin.matches(text.strip(), held.device.pin):
        return {key: held.device.pin}
    if key == ADDRESS:
        try:
            host, port = split_address(text)
        except ValueError:
            host, port = text, None  # the setting's own rule says what is wrong
        if port is not None:
            return {key: setting(key).parse(host), PORT: setting(PORT).check(port)}
    return {key: setting(key).parse(text)}
