"""Who may connect, and how: the parts of trust, as the configuration wants them."""

from iot_facerecognition_server.config import Config
from iot_facerecognition_server.trust.authentication import (
    Authenticator,
    CertificateAuthenticator,
    OpenAuthenticator,
    TokenAuthenticator,
)
from iot_facerecognition_server.trust.certificates import Identity
from iot_facerecognition_server.trust.first_token import FirstToken
from iot_facerecognition_server.trust.server_identity import ServerIdentity
from iot_facerecognition_server.trust.tls import ClientTrust, ServerTls
from iot_facerecognition_server.trust.tokens import TokenStore


def server_tls(config: Config) -> ServerTls:
    """Return the TLS side; key and certificate are made if need be. Raises CertificateError."""
    clients = None
    if config.auth.mode == "mtls" and config.auth.client_ca is not None:
        clients = ClientTrust(config.auth.client_ca, config.auth.client_crl)
    identity = ServerIdentity(config)
    identity.prepare()
    return ServerTls(identity, clients)


def token_store(config: Config) -> TokenStore:
    """Return the tokens."""
    return TokenStore(config.token_file)


def first_token(config: Config, identity: Identity) -> FirstToken:
    """Return the token of the first client, which the key of `identity` tells."""
    salt = config.server.state_directory / "first-token.salt"
    return FirstToken(token_store(config), salt, identity.key, config.auth.first_token_file)


def authenticator(config: Config, tls: ServerTls) -> Authenticator:
    """Return the judge of clients; `tls` knows which certificates are revoked."""
    match config.auth.mode:
        case "open":
            return OpenAuthenticator()
        case "mtls":
            return CertificateAuthenticator(tls.is_revoked)
        case _:
            used = first_token(config, tls.identity).used
            return TokenAuthenticator(token_store(config), used)
