"""Tokens of machines."""

from __future__ import annotations

from typing import Any

from supplynet.api import cursors
from supplynet.api.depends import NO_PARAMETERS, BooksDep, PageParameters, RecordId
from supplynet.api.identity import WhoDep
from supplynet.api.models import Page
from supplynet.api.people_models import MadeTokenRow, TokenAddition, TokenRow, Why
from supplynet.api.routing import Router
from supplynet.services import tokens

router = Router(prefix="/tokens", tags=["tokens"])
Json = dict[str, Any]


@router.get("", response_model=Page[TokenRow])
def list_tokens(books: BooksDep, who: WhoDep, query: PageParameters) -> Json:
    """Your tokens, the oldest first; an administrator sees those of all users."""
    after = cursors.decode(query.cursor, str)
    rows, following = tokens.list_tokens(
        books, who, after=None if after is None else after[0], limit=query.limit
    )
    return {"items": rows, "next_cursor": cursors.encode(following and (following,))}


@router.post("", response_model=MadeTokenRow, dependencies=[NO_PARAMETERS])
def add_token(books: BooksDep, who: WhoDep, body: TokenAddition) -> Json:
    """Make a token; its secret is shown this once.

    It never opens more than its owner may, now and later. 403 for more than that, 409 when the
    owner has a good token of this name.
    """
    made = tokens.add(books, body.new_token(), who)
    return {"token": made.token, "secret": made.secret}


@router.delete("/{token_id}", response_model=TokenRow, dependencies=[NO_PARAMETERS])
def revoke_token(books: BooksDep, who: WhoDep, token_id: RecordId, body: Why | None = None) -> Json:
    """Make a token worthless, for good and at once."""
    return tokens.revoke(books, token_id, who, reason="" if body is None else body.reason)
