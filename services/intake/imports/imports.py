"""An import from its upload to its end: rows that say how far it is, files that are sealed and expire."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from services.intake.imports.workbooks import NAMES
from services.intake.roles import REGISTRY_WRITERS
from shared import audit
from shared.errors import Conflict, Forbidden, NotFound
from shared.excel import store_workbook
from shared.files import read_file
from shared.identity import Principal, Role
from shared.messages.intake import RunImport
from shared.messaging import outbox
from shared.models.base import now
from shared.models.intake import RegistryImport
from shared.models.intake_kinds import ImportKind, ImportState

KEPT = timedelta(days=30)
"""How long the workbooks of an import are kept."""


def start_import(
    session: Session, actor: Principal, *, kind: ImportKind, content: bytes, name: str, dry_run: bool
) -> RegistryImport:
    """Store the workbook and ask the bulk worker for a check, and for the import where nothing is wrong.

    Raises Invalid for a file that is neither a workbook nor CSV, Forbidden for duties by anybody but the township's
    admin.
    """
    if not actor.has(*REGISTRY_WRITERS) or (kind is ImportKind.DUTIES and not actor.covers_township(Role.ADMIN)):
        raise Forbidden(f"您不能导入{NAMES[kind]}。如需办理，请联系乡镇管理员。")
    file = store_workbook(session, content, name=name, expires_at=now() + KEPT)
    villages = None if actor.covers_township(Role.ADMIN) else sorted(actor.villages_of(Role.CADRE))
    started = RegistryImport(
        township_id=actor.township_id,
        kind=kind,
        state=ImportState.WAITING,
        dry_run=dry_run,
        file_sha256=file.sha256,
        file_name=file.name,
        villages=None if villages is None else json.dumps(villages),
        actor=actor.actor,
        person_id=actor.person_id,
        actor_name=actor.name,
    )
    session.add(started)
    session.flush()
    audit.record(session, actor, "start_import", "import", started.id, details={"kind": kind, "dry_run": dry_run})
    outbox.send(session, RunImport(import_id=started.id, turn=started.version))
    return started


def commit_import(
    session: Session, actor: Principal, found: RegistryImport, rows: Sequence[int] | None
) -> RegistryImport:
    """Import what was checked: everything where nothing was wrong, or the rows that are asked for one by one.

    Asked for again while it runs or after it is done, it changes nothing. Raises Conflict where errors remain.
    """
    if found.state in {ImportState.DONE, ImportState.WAITING, ImportState.RUNNING} and not found.dry_run:
        return found
    if found.state is ImportState.FAILED:
        raise Conflict("这个文件读不了，请改好后重新上传。")
    if rows is None and found.error_rows:
        raise Conflict(f"还有 {found.error_rows} 行有错误。请改好后重新上传，或者逐行选择要导入的行。")
    asked = session.execute(
        update(RegistryImport)
        .where(RegistryImport.id == found.id, RegistryImport.version == found.version)
        .values(
            state=ImportState.WAITING,
            dry_run=False,
            started_at=None,
            done=0,
            rows=None if rows is None else json.dumps(sorted(set(rows))),
            version=found.version + 1,
        )
    )
    if asked.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("这次导入刚刚有了新的进展，请刷新后再看。")
    session.refresh(found)
    audit.record(
        session, actor, "commit_import", "import", found.id, details={"rows": None if rows is None else len(rows)}
    )
    outbox.send(session, RunImport(import_id=found.id, turn=found.version))
    return found


def import_by_id(session: Session, actor: Principal, import_id: int) -> RegistryImport:
    """One's own import; the township's admin sees all. Raises NotFound otherwise."""
    found = session.scalar(list_imports(actor).where(RegistryImport.id == import_id))
    if found is None:
        raise NotFound("没有这次导入。")
    return found


def list_imports(actor: Principal) -> Select[RegistryImport]:
    """The imports that this person may see."""
    statement = select(RegistryImport).where(RegistryImport.township_id == actor.township_id)
    return statement if actor.covers_township(Role.ADMIN) else statement.where(RegistryImport.actor == actor.actor)


def error_workbook(session: Session, found: RegistryImport) -> tuple[str, bytes]:
    """Name and content of the workbook with the reasons. Raises NotFound where nothing was wrong."""
    if found.error_file_sha256 is None:
        raise NotFound("这次导入没有错误表。")
    _, content = read_file(session, found.error_file_sha256)
    return f"错误-{found.file_name.rsplit('.', 1)[0]}.xlsx", content
