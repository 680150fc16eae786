"""What the catalogue holds beside the sentences of the pages: words that pages share with workbooks and the API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

from babel.messages.extract import extract_python

from shared.identity.role_words import ROLE_WORDS


def with_role_words(
    file: IO[bytes], keywords: Mapping[str, Any], comment_tags: Sequence[str], options: Any
) -> Iterator[tuple[Any, ...]]:
    """The sentences of a Python file, and the words of every role: an extraction method of Babel."""
    yield from extract_python(file, keywords, comment_tags, options)
    yield from ((0, None, word, []) for word in ROLE_WORDS.values())
