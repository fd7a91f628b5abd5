"""The edges that a recognition server knows, as an inventory."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import re
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ansible.errors import AnsibleParserError
from ansible.module_utils.common.text.converters import to_native
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.unsafe_proxy import wrap_var

DOCUMENTATION = r"""
name: fleet
short_description: The edges that a recognition server knows
version_added: 0.1.0
description:
  - Asks the server's API, C(/api/v1/edges), for its edges (docs/fleet-api.md), so that they need
    not be listed by hand. What the server says of an edge is in its variables, all of which begin
    with C(fleet_).
  - Every edge is in the group C(edges). It is also in a group for the state of its last update, for
    the version that it reports and for whether it is connected, as C(state_good), C(version_1_2_0)
    and C(connected) or C(disconnected); an edge without an update is in C(state_none).
  - The configuration is a file whose name ends in C(fleet.yml) or C(fleet.yaml).
author:
  - iot-facerecognition maintainers
options:
  plugin:
    description: This plugin's name.
    required: true
    choices: [iot_facerecognition.appliance.fleet]
  url:
    description:
      - The server's port for metrics and API, as C(https://server.lan:50090). With C(http://) the
        token would go over the network in the clear, which is refused for any host but this one.
    type: str
    required: true
    env:
      - name: IOT_FACERECOGNITION_API_URL
  token:
    description:
      - The token for the API, made by C(iot-facerecognition-server api-token add NAME). It belongs
        into a vault, the environment or O(token_file).
    type: str
    env:
      - name: IOT_FACERECOGNITION_API_TOKEN
  token_file:
    description: A file whose first line is the token.
    type: path
  ca_file:
    description:
      - A PEM file with the authority to trust, or the server's own certificate. The server's name
        is checked as well.
    type: path
  fingerprint:
    description:
      - The SHA-256 of the server's certificate, as C(iot-facerecognition-server cert show) prints
        it. Nothing else of the certificate is looked at. It comes before O(ca_file).
    type: str
  timeout:
    description: Seconds that the server may take to answer.
    type: float
    default: 10
  address_variable:
    description:
      - Let C(ansible_host) be the address at which the server sees the edge. It is another one
        where edges are behind a router that translates addresses.
    type: bool
    default: true
  group_prefix:
    description: What the names of all groups but C(edges) begin with.
    type: str
    default: ""
extends_documentation_fragment:
  - constructed
  - inventory_cache
"""

EXAMPLES = r"""
# production.fleet.yml; the token comes from the environment
plugin: iot_facerecognition.appliance.fleet
url: https://server.lan:50090
fingerprint: sha256:5B:1C:...

# Groups and variables of your own: one group for each model of camera state, and edges that are
# known to be slow.
keyed_groups:
  - key: fleet_health.camera
    prefix: camera
compose:
  edge_verify_seconds: 300 if fleet_rate < 5 else 120
"""

NAME = "iot_facerecognition.appliance.fleet"
_FILES = ("fleet.yml", "fleet.yaml")
_LARGEST = 16_000_000
"""Bytes of an answer: a thousand times what a fleet of ten edges takes."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_DIGITS = re.compile(r"(?:sha256[:=])?((?:[0-9a-f]{2}:?){31}[0-9a-f]{2})")


class FleetError(AnsibleParserError):
    """The server cannot be asked, or does not answer as it should; the message has the cure."""


class PinnedConnection(http.client.HTTPSConnection):
    """A connection on which nothing is sent before the certificate has been compared."""

    def __init__(self, host: str, port: int, timeout: float, fingerprint: str) -> None:
        """Pin `fingerprint`, 64 small hexadecimal digits."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        super().__init__(host, port, timeout=timeout, context=context)
        self._fingerprint = fingerprint

    def connect(self) -> None:
        """Shake hands. Raises FleetError for another certificate."""
        super().connect()
        assert isinstance(self.sock, ssl.SSLSocket)
        presented = hashlib.sha256(self.sock.getpeercert(binary_form=True) or b"").hexdigest()
        if not hmac.compare_digest(presented, self._fingerprint):
            self.close()
            raise FleetError(
                f"{self.host}:{self.port} shows the certificate sha256:{presented}, not the one in"
                " `fingerprint`: compare it with `iot-facerecognition-server cert show` on the"
                " server; the token was not sent"
            )


def fingerprint_digits(text: str) -> str:
    """Return a fingerprint's 64 digits. Raises FleetError."""
    match = _DIGITS.fullmatch(text.strip().lower())
    if match is None:
        raise FleetError(
            f"`fingerprint` is {text!r}: it is 64 hexadecimal digits, as `cert show` prints them on"
            " the server"
        )
    return match[1].replace(":", "")


def group_name(text: str) -> str:
    """Return `text` as Ansible has names of groups: letters, digits and underlines."""
    return re.sub(r"[^A-Za-z0-9_]", "_", text)


def groups_of(edge: dict[str, Any]) -> list[str]:
    """Return the groups that an edge is in, besides `edges`."""
    update = edge.get("update") or {}
    version = edge.get("reported") or "unknown"
    return [
        f"state_{update.get('state') or 'none'}",
        f"version_{version}",
        "connected" if edge.get("connected") else "disconnected",
    ]


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):  # type: ignore[misc]
    """Adds a host for each edge."""

    NAME = NAME

    def verify_file(self, path: str) -> bool:
        """Return whether `path` is a configuration of this plugin."""
        return bool(super().verify_file(path)) and path.endswith(_FILES)

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Ask the server, or the cache, and add what it says. Raises FleetError."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        key = self.get_cache_key(path)
        use_cache = cache and self.get_option("cache")
        edges = self._cache.get(key) if use_cache else None
        if edges is None:
            edges = self._ask()
        if self.get_option("cache"):
            self._cache[key] = edges
        for edge in edges:
            self._add(edge)

    def _add(self, edge: dict[str, Any]) -> None:
        host = str(edge["identity"])
        self.inventory.add_group("edges")
        self.inventory.add_host(host, group="edges")
        for name in groups_of(edge):
            group = self.inventory.add_group(group_name(self.get_option("group_prefix") + name))
            self.inventory.add_host(host, group=group)
        variables = {f"fleet_{key}": value for key, value in edge.items()}
        if self.get_option("address_variable") and edge.get("address"):
            variables["ansible_host"] = edge["address"]
        for key, value in variables.items():
            # An edge chooses its own name: Ansible must not take that for a template and run it.
            self.inventory.set_variable(host, key, wrap_var(value))
        strict = self.get_option("strict")
        hostvars = self.inventory.get_host(host).get_vars()
        self._set_composite_vars(self.get_option("compose"), hostvars, host, strict=strict)
        hostvars = self.inventory.get_host(host).get_vars()
        self._add_host_to_composed_groups(self.get_option("groups"), hostvars, host, strict=strict)
        self._add_host_to_keyed_groups(
            self.get_option("keyed_groups"), hostvars, host, strict=strict
        )

    def _ask(self) -> list[dict[str, Any]]:
        """Return what the server says of its edges. Raises FleetError."""
        connection = self._connection()
        where = f"{connection.host}:{connection.port}"
        try:
            connection.request(
                "GET",
                "/api/v1/edges",
                headers={"Authorization": f"Bearer {self._token()}", "Accept": "application/json"},
            )
            response = connection.getresponse()
            content = response.read(_LARGEST + 1)
        except ssl.SSLCertVerificationError as error:
            raise FleetError(
                f"the certificate of {where} is not trusted ({error.verify_message}): name"
                " `fingerprint` or `ca_file`"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise FleetError(
                f"{where} cannot be asked ({to_native(error)}): is the server running, with"
                " [Metrics] Enable=true and a Bind that this machine reaches?"
            ) from error
        finally:
            connection.close()
        return _edges(where, response.status, content)

    def _connection(self) -> http.client.HTTPConnection:
        url, timeout = urlsplit(self.get_option("url")), self.get_option("timeout")
        if url.scheme not in {"http", "https"} or not url.hostname:
            raise FleetError(
                f"`url` is {self.get_option('url')!r}: it has to be an address such as"
                " https://server.lan:50090"
            )
        host = url.hostname
        if url.scheme == "http":
            if host not in _LOOPBACK:
                raise FleetError(
                    f"`url` is {self.get_option('url')!r}: over http:// everybody on the way could"
                    " read the token. Set [Metrics] TLS=true on the server, and use https://"
                )
            return http.client.HTTPConnection(host, url.port or 80, timeout=timeout)
        port = url.port or 443
        if self.get_option("fingerprint"):
            digits = fingerprint_digits(self.get_option("fingerprint"))
            return PinnedConnection(host, port, timeout, digits)
        try:
            context = ssl.create_default_context(cafile=self.get_option("ca_file"))
        except OSError as error:  # ssl.SSLError is one
            raise FleetError(
                f"`ca_file` {self.get_option('ca_file')} cannot be used ({to_native(error)}): it"
                " has to be a PEM file with certificates"
            ) from error
        return http.client.HTTPSConnection(host, port, timeout=timeout, context=context)

    def _token(self) -> str:
        token = self.get_option("token")
        if not token and self.get_option("token_file"):
            path = self.get_option("token_file")
            try:
                with Path(path).open(encoding="utf-8") as file:
                    token = file.readline().strip()
            except OSError as error:
                raise FleetError(f"`token_file` {path} cannot be read: {error.strerror}") from error
        if not token:
            raise FleetError(
                "the server's API needs a token: make one on the server by"
                " `iot-facerecognition-server api-token add NAME`, and give it by `token_file`,"
                " `token` or IOT_FACERECOGNITION_API_TOKEN"
            )
        return str(token)


def _edges(where: str, status: int, content: bytes) -> list[dict[str, Any]]:
    """Return the edges in an answer. Raises FleetError."""
    if status in {http.client.UNAUTHORIZED, http.client.FORBIDDEN}:
        raise FleetError(
            f"{where} does not take the token: make another one on the server by"
            " `iot-facerecognition-server api-token add NAME`"
        )
    if status == http.client.NOT_FOUND:
        raise FleetError(f"{where} has no /api/v1/edges: the server is older than this collection")
    if status != http.client.OK:
        raise FleetError(f"{where} answers with status {status}; its log says why")
    if len(content) > _LARGEST:
        raise FleetError(
            f"{where} answers with more than {_LARGEST} bytes: is it a server of ours?"
        )
    try:
        edges = json.loads(content)["edges"]
        return [edge for edge in edges if str(edge["identity"])]
    except (ValueError, KeyError, TypeError) as error:
        raise FleetError(f"{where} does not answer like a recognition server: {error}") from error
