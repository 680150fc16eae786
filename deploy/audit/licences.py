"""The licences under which the locked distributions come, and whether a township may run and pass on all of them.

The program only imports them, unchanged: licences that ask for nothing beyond their own text and their own files are
taken. One that would reach over to the program (GPL, AGPL), or none at all, is a finding for a person to decide.
"""

from __future__ import annotations

import re
from importlib.metadata import Distribution

ACCEPTED = frozenset(
    {
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        # A library that is used as it is, and can be replaced.
        "LGPL-3.0-only",
        "MIT",
        "MIT-0",
        "MIT-CMU",
        # Reaches over the files of the library itself only.
        "MPL-2.0",
        "PSF-2.0",
    }
)

# Metadata that names none; read in the licence file that the distribution carries.
_READ_IN_ITS_FILE = {"axe-playwright-python": "MIT"}

# How the older fields say it.
_SPELLINGS = (
    (re.compile(r"apache", re.I), "Apache-2.0"),
    (re.compile(r"mozilla public license 2|mpl.?2", re.I), "MPL-2.0"),
    (re.compile(r"python software foundation|^psf", re.I), "PSF-2.0"),
    (re.compile(r"bsd.?2|2.clause", re.I), "BSD-2-Clause"),
    (re.compile(r"bsd", re.I), "BSD-3-Clause"),
    (re.compile(r"\bmit\b", re.I), "MIT"),
)


def licence_of(distribution: Distribution) -> str:
    """An SPDX expression as far as the metadata allow it, their own words otherwise; empty where they have none."""
    metadata = distribution.metadata
    if "License-Expression" in metadata:
        return metadata["License-Expression"]
    classifiers = [
        each.rpartition(" :: ")[2] for each in metadata.get_all("Classifier") or [] if each.startswith("License :: OSI")
    ]
    # The field may hold the whole text. Several classifiers do not say whether one may choose: all have to be fine.
    written = metadata["License"].strip().partition("\n")[0] if "License" in metadata else ""
    words = [written] if written else classifiers
    return " AND ".join(_spdx(each) for each in words) or _READ_IN_ITS_FILE.get(distribution.name.lower(), "")


def is_accepted(expression: str) -> bool:
    """Whether one of the alternatives consists of accepted licences only. Nested expressions are left to a person."""
    return any(
        all(licence.strip() in ACCEPTED for licence in alternative.split(" AND "))
        for alternative in expression.split(" OR ")
    )


def _spdx(words: str) -> str:
    if words in ACCEPTED:
        return words
    # "GNU … GPL" must not be taken for something else by a word beside it.
    if re.search(r"gnu|gpl", words, re.I):
        return words
    return next((name for pattern, name in _SPELLINGS if pattern.search(words)), words)
