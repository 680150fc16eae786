"""Phone numbers: mobiles and landlines. Optional everywhere and never unique: a household shares one."""

from __future__ import annotations

import re
import unicodedata

from shared.errors import Invalid

_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_LANDLINE = re.compile(r"0\d{2,3}[1-9]\d{6,7}", re.ASCII)
_LOCAL_LANDLINE = re.compile(r"[2-8]\d{6}", re.ASCII)
AREA_CODE = "0745"
"""Of Huaihua city; a landline that is given without area code is from here."""


def parse_phone(text: str) -> str:
    """The number as it is stored: digits only, landlines with area code. Raises Invalid saying what is wrong."""
    digits = re.sub(r"[\s\-－—()（）]", "", unicodedata.normalize("NFKC", text))
    digits = re.sub(r"^(\+86|0086)", "", digits)
    if _MOBILE.fullmatch(digits) or _LANDLINE.fullmatch(digits):
        return digits
    if _LOCAL_LANDLINE.fullmatch(digits):
        return AREA_CODE + digits
    raise Invalid("电话号码不对：手机号是 1 开头的 11 位数字，座机请带区号，例如 0745-8612345。")
