"""How to reach a user: sealed in the books where the workspace has a key for that."""

from __future__ import annotations

import logging

from supplynet.errors import InvalidInput, SealError
from supplynet.security.keyring import is_sealed_text, keyring_of
from supplynet.services.books import Books

log = logging.getLogger(__name__)
LONGEST = 200


def seal_contact(books: Books, user_id: str, contact: str) -> str | None:
    """The contact as the books keep it; None for none.

    Raises:
        InvalidInput: Too long, or it looks like something sealed.
    """
    text = contact.strip()
    if not text:
        return None
    if len(text) > LONGEST or is_sealed_text(text) or not text.isprintable():
        raise InvalidInput(f"a contact is one line of at most {LONGEST} characters: an address")
    return keyring_of(books.workspace.folder).seal_text(text, contact_context(user_id))


def open_contact(books: Books, user_id: str, kept: str | None) -> str | None:
    """The contact as people read it; None for none, and for one whose key is gone."""
    if kept is None or not is_sealed_text(kept):
        return kept
    try:
        return keyring_of(books.workspace.folder).open_text(kept, contact_context(user_id))
    except SealError as error:
        log.warning("a contact is not shown: %s", error)
        return None


def contact_context(user_id: str) -> str:
    """What a contact is sealed for."""
    return f"users.contact:{user_id}"
