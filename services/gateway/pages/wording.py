"""The catalogue's functions with types: `_` now, `_l` when it is shown. Message ids are the Chinese sentences."""

from __future__ import annotations

from flask_babel import gettext, lazy_gettext  # type: ignore[import-untyped]


def _(text: str, **values: object) -> str:
    """The sentence in the reader's language, with `%(name)s` filled in."""
    return str(gettext(text, **values))


def _l(text: str) -> str:
    """A sentence that is looked up when it is shown, for what is written down at import."""
    sentence: str = lazy_gettext(text)
    return sentence
