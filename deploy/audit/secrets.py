"""What looks like a secret: keys, tokens and passwords by their form, and words that only chance could have made."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

_FORMS = {
    # With a line of its content: a program that only looks for the heading is none.
    "private key": re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----\s+(?:[\w-]+: .*\s+)*[A-Za-z0-9+/=]{16,}"),
    "key file of PuTTY": re.compile(r"PuTTY-User-Key-File-\d: \S+"),
    "token of a service": re.compile(
        r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{50,}|glpat-[\w-]{20}|xox[abprs]-[\w-]{20,}"
        r"|AIza[\w-]{35}|npm_[A-Za-z0-9]{36}|pypi-[\w-]{60,}|LTAI[A-Za-z0-9]{16,})\b"
    ),
    "signed token": re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}"),
}
# In an address: `scheme://user:password@host`. What is filled in later (braces, dots) is none, nor that word.
_IN_ADDRESS = re.compile(r"\b[a-z][a-z0-9+]*://[^\s:/@'\"`]*:(?!password@)(?P<value>[^\s/@'\"`{}$<>…*%]{3,})@[\w.\[-]")
_ASSIGNED = re.compile(
    r"(?i)\b[\w-]*(?:password|passwd|secret|api_?key|access_?key|private_?key|auth_?token)[\w-]*['\"]?\s*[:=]\s*"
    r"(?P<quote>['\"])(?P<value>[^'\"\s{}$<>…]{8,})(?P=quote)"
)
# Without slashes: a secret in base64 has few, an address many.
_WORD = re.compile(r"[A-Za-z0-9+_-]{24,}")
# Bits a character. Words of a language and names of things lie below 4; 24 random characters of base64 at 4.3.
_BITS = 4.2


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A secret by its form, and where it stands."""

    kind: str
    line: int
    value: str

    def __str__(self) -> str:
        # The finding itself ends in logs: enough to find it, not enough to use it.
        return f"line {self.line}: {self.kind} ({self.value[:4]}…)"


def suspicions(text: str, *, by_chance: bool = False) -> Iterator[Suspicion]:
    """Every secret that a text seems to hold; `by_chance`: also quoted passwords and words of high entropy."""
    for kind, pattern in _FORMS.items():
        for found in pattern.finditer(text):
            yield _at(kind, text, found.start(), found[0])
    for found in _IN_ADDRESS.finditer(text):
        yield _at("password in an address", text, found.start("value"), found["value"])
    if not by_chance:
        return
    for found in _ASSIGNED.finditer(text):
        yield _at("password", text, found.start("value"), found["value"])
    for found in _WORD.finditer(text):
        if _looks_random(found[0]):
            yield _at("random word", text, found.start(), found[0])


def _at(kind: str, text: str, position: int, value: str) -> Suspicion:
    return Suspicion(kind, text.count("\n", 0, position) + 1, value)


def _looks_random(word: str) -> bool:
    """Digits, capitals and small letters mixed, as evenly as chance does it."""
    kinds = (str.isdigit, str.isupper, str.islower)
    return all(any(kind(sign) for sign in word) for kind in kinds) and entropy(word) > _BITS


def entropy(word: str) -> float:
    """Shannon's entropy of a word's own signs, in bits a sign."""
    return -sum(count / len(word) * math.log2(count / len(word)) for count in Counter(word).values())
