"""What of a name, a phone or an identity number may be seen: in public names only, the rest on internal lists."""

from __future__ import annotations

from shared.privacy.names import DOT, split_name

MARK = "×"


def mask_name(name: str) -> str:
    """The public form of a name: 陈×芳, 张×, 欧阳×, 阿××·××. Of two or more given characters the last one stays."""
    if DOT in name:
        first, *others = name.split(DOT)
        return DOT.join(
            [
                first[:1] + MARK * max(len(first) - 1, 1),
                *(MARK * len(part) for part in others),
            ]
        )
    if len(name) < 2:
        return MARK if name else ""
    surname, given = split_name(name)
    if len(given) == 1:
        return surname + MARK
    return surname + MARK * (len(given) - 1) + given[-1]


def mask_phone(phone: str) -> str:
    """The form of internal lists: 138****1234, 0745***2345. Never shown in public, not even so."""
    if len(phone) < 7:
        return "*" * len(phone)
    kept = 4 if phone.startswith("0") else 3
    return phone[:kept] + "*" * (len(phone) - kept - 4) + phone[-4:]


def mask_identity(number: str) -> str:
    """The form of internal lists: 431299********1017. Never shown in public, not even so."""
    if len(number) < 12:
        return "*" * len(number)
    return number[:6] + "*" * (len(number) - 10) + number[-4:]
