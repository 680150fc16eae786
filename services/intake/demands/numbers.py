"""Numbers of demands, and the code that follows one without an account.

Numbers are eight digits: the year's last two and six drawn at random, so that they neither count nor betray anything.
The code is made from the number with the service's key and stored nowhere: whoever steals the database has no codes,
and a form that is sent twice shows the same one. A key is not rotated, or slips of paper would stop working.
"""

from __future__ import annotations

import hmac
import re
import secrets
import unicodedata
from datetime import date

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from shared.errors import Unavailable
from shared.models.intake import Demand, SealedReceipt
from shared.privacy import blind_index

CODE_LENGTH = 8
# Without 0/O, 1/I/L, 5/S, 8/B, 2/Z: what people confuse in handwriting.
_ALPHABET = "34679ACDEFGHJKMNPQRTUVWXY"
_DRAWS = 20


def new_number(session: Session, township_id: int, received_on: date) -> str:
    """A number that nothing of the township has. Two at the same moment are told apart by the unique constraints."""
    for _ in range(_DRAWS):
        number = f"{received_on.year % 100:02d}{secrets.randbelow(1_000_000):06d}"
        taken = select(
            exists().where(Demand.township_id == township_id, Demand.number == number)
            | exists().where(SealedReceipt.township_id == township_id, SealedReceipt.number == number)
        )
        if not session.scalar(taken):
            return number
    raise Unavailable("现在排不上号，请过一分钟再提交。")


def code_of(township_id: int, number: str) -> str:
    """The eight characters that belong to a number."""
    value = int(blind_index(f"{township_id}:{number}", "intake.follow_code"), 16)
    signs = []
    for _ in range(CODE_LENGTH):
        value, place = divmod(value, len(_ALPHABET))
        signs.append(_ALPHABET[place])
    return "".join(signs)


def clean_code(text: str) -> str:
    """A code as people type it: small letters, blanks and hyphens are fine."""
    return re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", text)).upper()


def clean_number(text: str) -> str:
    """A number as people type it."""
    return re.sub(r"\D", "", unicodedata.normalize("NFKC", text))


def code_fits(township_id: int, number: str, code: str) -> bool:
    """Whether the code belongs to the number, in constant time."""
    return hmac.compare_digest(code_of(township_id, number).encode(), clean_code(code).encode())
