"""How tokens are shown: to people as text and tables, to programs as JSON."""

import json
from collections.abc import Sequence
from typing import Any

from iot_facerecognition_server.cli.table import table
from iot_facerecognition_server.trust.tokens import Token, TokenStore


def print_made(store: TokenStore, token: str, *, as_json: bool) -> None:
    """Print a token that was just made. Raises TokenFileError."""
    entry = store.find(token) if as_json else None
    print(token if entry is None else json.dumps(_document(entry) | {"token": token}))


def print_tokens(store: TokenStore, *, as_json: bool) -> None:
    """Print who has a token, without the tokens. Raises TokenFileError."""
    tokens = store.list()
    if as_json:
        print(json.dumps({"tokens": list(map(_document, tokens))}, ensure_ascii=False, indent=2))
    elif tokens:
        print(table([("ID", "CREATED", "NAME"), *_rows(tokens)]))
    else:
        print(f"there is no token in {store.path}")


def _rows(tokens: Sequence[Token]) -> list[tuple[str, ...]]:
    return [(token.id, f"{token.created:%Y-%m-%d %H:%M} UTC", token.name) for token in tokens]


def _document(token: Token) -> dict[str, Any]:
    return {"id": token.id, "name": token.name, "created": token.created.isoformat()}
