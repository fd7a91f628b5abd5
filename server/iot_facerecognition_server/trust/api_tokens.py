"""The tokens by which programs read the HTTP API: kept like the clients', in a file of their own.

A token of the one kind is worth nothing as the other: an edge reads nothing of its neighbours, and
a program that draws a dashboard streams no pictures.
"""

from iot_facerecognition_server.trust.tokens import TokenStore


class ApiTokenStore(TokenStore):
    """The file with the hashes of the API's tokens."""

    prefix = "iotfr_api_"
    access_cure = "correct its permissions"
    damage_cure = (
        "restore it from a backup, or remove it and make new tokens with:"
        " iot-facerecognition-server api-token add NAME"
    )
