"""HTTP of the township's categories of demands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.intake.demands.categories import (
    CategoryValues,
    all_categories,
    category_by_id,
    change_category,
    create_category,
    list_categories,
    take_usual_categories,
)
from services.intake.demands.category_schemas import CategoryListArguments, CategorySchema
from shared.identity import Role
from shared.models.intake import DemandCategory
from shared.web import (
    Blueprint,
    allow,
    conditional,
    current_principal,
    current_session,
    expected_version,
    idempotent,
    set_version,
)

blueprint = Blueprint("demand_categories", __name__, url_prefix="/api/intake/demand_categories", description="诉求类别")


@blueprint.route("")
@allow(Role.PUBLIC)
@blueprint.arguments(CategoryListArguments, location="query")
@blueprint.response(200, CategorySchema(many=True))
def list_active(values: dict[str, Any]) -> Sequence[DemandCategory]:
    """What may be chosen, in the township's order; `all` shows an admin also what was taken off the list."""
    actor = current_principal()
    chosen = all_categories if values["all"] and actor.has(Role.ADMIN) else list_categories
    return current_session().scalars(chosen(actor.township_id)).all()


@blueprint.route("/usual", methods=["POST"])
@allow(Role.ADMIN)
@blueprint.response(200, CategorySchema(many=True))
def take_usual() -> Sequence[DemandCategory]:
    """The usual categories, as far as the township has none of that code; repeating it changes nothing."""
    session, actor = current_session(), current_principal()
    take_usual_categories(session, actor)
    return session.scalars(all_categories(actor.township_id)).all()


@blueprint.route("/<int:category_id>")
@allow(Role.ADMIN)
@blueprint.response(200, CategorySchema)
def show(category_id: int) -> DemandCategory:
    """One category."""
    category = category_by_id(current_session(), current_principal(), category_id)
    set_version(category.version)
    return category


@blueprint.route("", methods=["POST"])
@allow(Role.ADMIN)
@blueprint.arguments(CategorySchema)
@blueprint.response(201, CategorySchema)
@idempotent(lambda session, actor, made: category_by_id(session, actor, int(made)))
def create(values: dict[str, Any]) -> DemandCategory:
    """A new category."""
    category = create_category(current_session(), current_principal(), CategoryValues(**values))
    set_version(category.version)
    return category


@blueprint.route("/<int:category_id>", methods=["PUT"])
@allow(Role.ADMIN)
@conditional()
@blueprint.arguments(CategorySchema)
@blueprint.response(200, CategorySchema)
def change(values: dict[str, Any], category_id: int) -> DemandCategory:
    """Change a category; needs `If-Match`."""
    session, actor = current_session(), current_principal()
    category = category_by_id(session, actor, category_id)
    change_category(session, actor, category, CategoryValues(**values), expected_version())
    set_version(category.version)
    return category
