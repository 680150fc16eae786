"""Who is named in a petition: petitioner, representatives, the accused; and the index that finds equal people."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from services.petitions.register.secrets import hide
from shared.errors import Invalid
from shared.models.petition_kinds import PartyKind
from shared.models.petitions import Party
from shared.privacy import blind_index, clean_name, parse_identity_number, parse_phone

REPRESENTATIVES = range(1, 6)


@dataclass(frozen=True, slots=True)
class PersonDetails:
    """A person as they named themselves; empty where unknown."""

    name: str = ""
    phone: str = ""
    identity_number: str = ""
    address: str = ""


def clean_details(details: PersonDetails, field: str) -> PersonDetails:
    """The details as they are stored. Raises Invalid naming the field below `field`."""
    found: dict[str, list[str]] = {}

    def cleaned(name: str, value: str) -> str:
        if not value.strip():
            return ""
        try:
            if name == "name":
                return clean_name(value)
            return parse_phone(value) if name == "phone" else parse_identity_number(value).number
        except Invalid as error:
            found[f"{field}.{name}"] = [error.detail]
            return ""

    made = PersonDetails(
        name=cleaned("name", details.name),
        phone=cleaned("phone", details.phone),
        identity_number=cleaned("identity_number", details.identity_number),
        address=details.address.strip(),
    )
    if not details.name.strip():
        found[f"{field}.name"] = ["请填写姓名；不愿留名的请选匿名。"]
    if found:
        raise Invalid("信访人的信息需要修改。", errors=found)
    return made


def person_index(details: PersonDetails) -> str:
    """Blind index of a person: by identity number, else by phone, else by name and address."""
    if details.identity_number:
        key = f"identity:{details.identity_number}"
    elif details.phone:
        key = f"phone:{details.phone}"
    else:
        key = f"name:{details.name}:{details.address}"
    return blind_index(key, "petitions.person")


def party_of(petition_id: int, kind: PartyKind, details: PersonDetails) -> Party:
    """A row for someone named in a petition."""
    return Party(
        petition_id=petition_id,
        kind=kind,
        details_encrypted=hide(asdict(details)),
        person_index=person_index(details),
    )


def accused_party(petition_id: int, words: str) -> Party:
    """A row for the person or unit that is complained of, as the petitioner named it."""
    return Party(
        petition_id=petition_id,
        kind=PartyKind.ACCUSED,
        details_encrypted=hide({"name": words}),
        person_index=blind_index(f"accused:{words}", "petitions.person"),
    )
