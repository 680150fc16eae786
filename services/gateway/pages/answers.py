"""What a service's refusal becomes on a page: sentences beside fields, and one above them."""

from __future__ import annotations

from services.gateway.clients import ServiceProblem

GENERAL = "form"


def errors_of(
    problem: ServiceProblem, names: dict[str, str] | None = None, *, general: str = GENERAL
) -> dict[str, list[str]]:
    """Sentences by form field. `names` maps the API's field paths to form fields; the others stand in the summary.

    A refusal that names no field is about `general`, the form as a whole unless it asks for one thing only.
    """
    known = names or {}
    errors = {known.get(path, path): list(sentences) for path, sentences in problem.errors.items()}
    return errors or {general: [problem.detail]}
