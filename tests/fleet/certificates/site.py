"""A site with an authority of its own: what its inventory says, and how its edge is seen."""

import subprocess
from typing import Final

from lab.hosts.host import Host
from tests.fleet.fleet import SEES, SUITES, UNIT, Fleet

EDGE: Final = "kitchen"
FOLDER: Final = "/etc/iot-facerecognition-edge"
"""Where an edge has its key, its certificate, and the server's."""


class CertificateSite:
    """One server with `[Auth] Mode=mtls`, and one edge with `edge_auth: certificate`."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.authority = fleet.folder / "authority"
        fleet.add_server("server")
        fleet.add_edge(EDGE, SEES[EDGE], SUITES[EDGE])
        for host in fleet.lab.hosts.values():
            host.power_on()
        for host in fleet.lab.hosts.values():
            host.until_up()

    @property
    def edge(self) -> Host:
        """The edge's host."""
        return self.fleet.edge(EDGE)

    def play(
        self, playbook: str, *arguments: str, **variables: object
    ) -> subprocess.CompletedProcess[str]:
        """Run a playbook of the collection."""
        return self.fleet.play(
            playbook,
            *arguments,
            inventory=self.fleet.inventory(edges=(EDGE,)),
            variables={
                "ca_directory": str(self.authority),
                "server_auth": "mtls",
                "server_client_ca": str(self.authority / "ca.crt"),
                "server_client_crl": str(self.authority / "crl.pem"),
                "edge_auth": "certificate",
                "edge_trust": "authority",
                **variables,
            },
        )

    def serial(self) -> str:
        """Return the serial number of the edge's certificate."""
        said = self.edge.console(
            "openssl", "x509", "-in", f"{FOLDER}/client.crt", "-noout", "-serial"
        )
        return said.strip().removeprefix("serial=")

    def revoked(self) -> str:
        """Return the server's revocation list, in words."""
        return self.fleet.server.console(
            *("openssl", "crl", "-noout", "-text", "-in"),
            "/etc/iot-facerecognition-server/files/client-crl.pem",
        )

    def until_reported(self, words: str, patience: float) -> None:
        """Wait until the edge, since its newest start, reports something in its journal."""
        self.edge.until(
            lambda: words in self.edge.journal(UNIT).rpartition("Starting ")[2],
            patience,
            f"to report {words!r}",
        )
