"""What is stored of a person: a readable name, and numbers that only this service can open."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from shared.errors import Invalid
from shared.models.base import now
from shared.privacy import blind_index, clean_name, field_cipher, parse_identity_number, parse_phone, pinyin_of
from shared.topology import Service

IDENTITY_PURPOSE = "intake.identity"
PHONE_PURPOSE = "intake.phone"


@dataclass(frozen=True)
class NewPerson:
    """A person with checked values: `name` by `clean_name`, numbers by their parsers; empty where unknown."""

    name: str
    identity_number: str = ""
    phone: str = ""
    birth_year: int | None = None
    care_labels: tuple[str, ...] = ()
    party_status: str | None = None

    @cached_property
    def pinyin(self) -> tuple[str, str]:
        """Full pinyin and initials of the name."""
        return pinyin_of(self.name)

    @property
    def born_in(self) -> int | None:
        """The year of birth: what was given, else what the identity number says."""
        return self.birth_year or (int(self.identity_number[6:10]) if self.identity_number else None)


def checked_person(values: Mapping[str, Any], path: str = "") -> NewPerson:
    """The person of a form's values. Raises Invalid with every sentence at its field, below `path` (`residents.0.`)."""
    errors: dict[str, list[str]] = {}

    def read(field: str, reading: Callable[[str], str], text: str) -> str:
        try:
            return reading(text)
        except Invalid as error:
            errors[path + field] = [error.detail]
            return ""

    name = read("name", clean_name, values["name"])
    number, phone = values.get("identity_number", ""), values.get("phone", "")
    number = read("identity_number", lambda text: parse_identity_number(text).number, number) if number else ""
    phone = read("phone", parse_phone, phone) if phone else ""
    if errors:
        raise Invalid(" ".join(sentence for sentences in errors.values() for sentence in sentences), errors=errors)
    return NewPerson(name, number, phone, values.get("birth_year"), tuple(values.get("care_labels", ())))


def identity_index(number: str) -> str:
    """The blind index of a checked identity number."""
    return blind_index(number, IDENTITY_PURPOSE)


def phone_index(number: str) -> str:
    """The blind index of a checked phone."""
    return blind_index(number, PHONE_PURPOSE)


def identity_fields(number: str) -> dict[str, Any]:
    """The columns of an identity number; all empty for an empty one. Raises Invalid."""
    if not number:
        return {"identity_encrypted": None, "identity_index": None, "identity_tail": ""}
    parsed = parse_identity_number(number)
    return {
        "identity_encrypted": field_cipher(Service.INTAKE).encrypt(parsed.number),
        "identity_index": identity_index(parsed.number),
        "identity_tail": parsed.tail,
    }


def phone_fields(number: str) -> dict[str, Any]:
    """The columns of a phone; all empty for an empty one. Raises Invalid."""
    if not number:
        return {"phone_encrypted": None, "phone_index": None, "phone_tail": ""}
    parsed = parse_phone(number)
    return {
        "phone_encrypted": field_cipher(Service.INTAKE).encrypt(parsed),
        "phone_index": phone_index(parsed),
        "phone_tail": parsed[-4:],
    }


def person_values(township_id: int, people: Sequence[NewPerson]) -> list[dict[str, Any]]:
    """Rows for a bulk insert of persons."""
    present = now()
    return [
        {
            "township_id": township_id,
            "name": person.name,
            "pinyin": person.pinyin[0],
            "initials": person.pinyin[1],
            "birth_year": person.born_in,
            **identity_fields(person.identity_number),
            **phone_fields(person.phone),
            "care_labels": json.dumps(list(person.care_labels), ensure_ascii=False),
            "party_status": person.party_status,
            "version": 1,
            "created_at": present,
        }
        for person in people
    ]
