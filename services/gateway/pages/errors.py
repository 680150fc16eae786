"""Problems as pages: the same words as the API's, with the number that the operator finds in the logs."""

from __future__ import annotations

from flask import Response, make_response, render_template, request

from shared.request_context import current_request_id, short_number
from shared.web.problems import Problem


def problem_page(problem: Problem) -> Response:
    """The page of a problem, with its status and headers. Never kept by a browser."""
    number = short_number(current_request_id() or "")
    # A page that was only looked at comes back after the login; a form that was sent can't.
    back = request.full_path.rstrip("?") if request.method in {"GET", "HEAD"} else "/"
    body = render_template("errors/show.html", problem=problem, number=number, back=back)
    response = make_response(body, problem.kind.status)
    response.headers.update({"Cache-Control": "no-store", **problem.headers})
    return response
