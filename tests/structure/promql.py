"""As much of PromQL as the alerts and the board use, read strictly: what this does not know, they must not use.

expression = term {operator term}
term       = ["-"] (number | "(" expression ")" | aggregation | function | selector) ["[" duration "]"]
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"\s*(?:(?P<string>\"[^\"]*\")|(?P<duration>\d+[smhdw]\b)|(?P<number>\d+(?:\.\d+)?)|(?P<name>[a-zA-Z_:][\w:]*)"
    r"|(?P<sign>=~|!~|!=|==|<=|>=|[-+*/%^<>=(){}\[\],]))"
)
_OPERATORS = {"+", "-", "*", "/", "%", "^", "==", "!=", "<", ">", "<=", ">=", "and", "or", "unless"}
_AGGREGATIONS = {"sum", "min", "max", "avg", "count", "topk", "bottomk"}
# Name → does it want a range, such as [5m]?
_FUNCTIONS = {"rate": True, "increase": True, "deriv": True, "absent": False, "time": False}


class NotPromql(Exception):
    """Raised with what was found in the wrong place."""


@dataclass(slots=True)
class Selector:
    """A metric as an expression names it, with the labels that it is chosen and grouped by."""

    metric: str
    labels: set[str] = field(default_factory=set)
    is_range: bool = False


def selectors(expression: str) -> list[Selector]:
    """Every metric that `expression` reads. Raises NotPromql when it can't be read."""
    reader = _Reader(_tokens(expression))
    found = reader.expression()
    if reader.rest:
        raise NotPromql(f"{reader.rest[0]!r} follows the end of {expression!r}")
    return found


def _tokens(text: str) -> list[str]:
    tokens, place, end = [], 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            raise NotPromql(f"no word begins at {text[place : place + 20]!r}")
        tokens.append(match[0].strip())
        place = match.end()
    return tokens


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self.rest = tokens

    def expression(self) -> list[Selector]:
        found = self._term()
        while self._next() in _OPERATORS:
            self._take()
            found += self._term()
        return found

    def _term(self) -> list[Selector]:
        if self._next() == "-":
            self._take()
        word = self._take()
        if word == "(":
            found = self.expression()
            self._take(")")
            return found
        if word[0].isdigit():
            return []
        if word in _AGGREGATIONS:
            return self._aggregation(word)
        if word in _FUNCTIONS or word == "histogram_quantile":
            return self._function(word)
        if not re.fullmatch(r"[a-zA-Z_:][\w:]*", word):
            raise NotPromql(f"{word!r} begins no term")
        return [self._selector(word)]

    def _aggregation(self, word: str) -> list[Selector]:
        labels = set[str]()
        if self._next() in {"by", "without"}:
            self._take()
            labels = self._list_of_labels()
        found = self._arguments()
        if word in {"topk", "bottomk"} and not found:
            raise NotPromql(f"{word} of nothing")
        for selector in found:
            selector.labels |= labels
        return found

    def _function(self, word: str) -> list[Selector]:
        found = self._arguments()
        wanted = _FUNCTIONS.get(word)
        if wanted is not None and any(selector.is_range is not wanted for selector in found):
            raise NotPromql(f"{word} of {'no range' if wanted else 'a range'}")
        return found

    def _arguments(self) -> list[Selector]:
        found: list[Selector] = []
        self._take("(")
        while self._next() != ")":
            found += self.expression()
            if self._next() == ",":
                self._take()
        self._take(")")
        return found

    def _selector(self, name: str) -> Selector:
        selector = Selector(name)
        if self._next() == "{":
            self._take()
            while self._next() != "}":
                selector.labels.add(self._take())
                if self._take() not in {"=", "!=", "=~", "!~"} or not self._take().startswith('"'):
                    raise NotPromql(f"{name} is chosen by no label")
                if self._next() == ",":
                    self._take()
            self._take("}")
        if self._next() == "[":
            self._take()
            if not re.fullmatch(r"\d+[smhdw]", self._take()):
                raise NotPromql(f"{name} has no duration")
            self._take("]")
            selector.is_range = True
        return selector

    def _list_of_labels(self) -> set[str]:
        labels = set()
        self._take("(")
        while self._next() != ")":
            labels.add(self._take())
            if self._next() == ",":
                self._take()
        self._take(")")
        return labels

    def _next(self) -> str:
        return self.rest[0] if self.rest else ""

    def _take(self, wanted: str | None = None) -> str:
        if not self.rest or (wanted is not None and self.rest[0] != wanted):
            raise NotPromql(f"{wanted or 'a word'} is missing before {self._next()!r}")
        return self.rest.pop(0)
