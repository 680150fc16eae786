"""A backup is put back whole or not at all, and a move to PostgreSQL carries every row."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from deploy.backup import move as moving
from deploy.backup import proof, undoing
from deploy.backup import restore as restoring
from deploy.backup.archive import read_archive
from deploy.backup.move import move
from deploy.backup.proof import prove_keys
from deploy.backup.refusal import CannotDo
from deploy.backup.restore import restore
from deploy.backup.save import count_rows, save
from deploy.backup.undoing import look, undone_if_it_fails
from deploy.embedded.place import only_one_here
from services.intake.households.people import identity_fields
from shared import audit
from shared.database import Database
from shared.identity.principal import Role
from shared.models import Base
from shared.models.registry import Person, Township
from shared.place_metrics import BACKUP_MARK
from shared.privacy import field_cipher
from shared.privacy.key_files import field_keys_path, index_key_path, sealing_public_path
from shared.privacy.keys import ensure_keys
from shared.renewal import encrypted_values
from shared.settings import settings
from shared.topology import Service
from tests.fixtures.databases import DatabaseFor
from tests.fixtures.postgresql_cluster import Cluster, execute, url_of_database
from tests.fixtures.township import SmallTownship, act_as
from tests.fixtures.waiting import wait_until
from tests.integration.database.encrypted_values import fill
from tests.integration.points.scored_township import build_scored_township


@pytest.fixture
def lived_in(database_for: DatabaseFor, small_township: SmallTownship) -> SmallTownship:
    """A township with an encrypted number, a chained audit log, scored events and an uploaded file."""
    with database_for(Service.INTAKE).transaction() as session:
        person = session.scalars(select(Person).order_by(Person.id.desc()).limit(1)).one()
        person.identity_encrypted = field_cipher(Service.INTAKE).encrypt("431299196003151017")
        audit.record(session, act_as(small_township, Role.ADMIN), "change_person", "person", person.id)
        session.flush()
        audit.chain_new_rows(session)
    with database_for(Service.POINTS).transaction() as session:
        build_scored_township(session, small_township)
    photo = settings().data_dir / "files" / "intake" / "ab" / "abcd"
    photo.parent.mkdir(parents=True, exist_ok=True)
    photo.write_bytes(b"photo")
    return small_township


@pytest.fixture
def empty_target(postgresql_cluster: Cluster) -> Iterator[str]:
    """An empty PostgreSQL database."""
    name = f"xiangzhi_target_{os.urandom(4).hex()}"
    execute(postgresql_cluster.url, f'CREATE DATABASE "{name}"')
    yield url_of_database(postgresql_cluster.url, name)
    execute(postgresql_cluster.url, f'DROP DATABASE "{name}" WITH (FORCE)')


def township_name(url: str) -> str | None:
    database = Database(url, Service.INTAKE)
    with database.reading() as session:
        name = session.scalar(select(Township.name))
    database.dispose()
    return name


def rename_township(url: str, name: str) -> None:
    database = Database(url, Service.INTAKE)
    with database.transaction() as session:
        session.execute(update(Township).values(name=name))
    database.dispose()


def test_what_was_changed_after_the_backup_is_undone_by_restoring_it(
    sqlite_database: str, lived_in: SmallTownship, tmp_path: Path
) -> None:
    saved = save(settings(), tmp_path / "backups")
    rename_township(sqlite_database, "后来的名字")
    photo = settings().data_dir / "files" / "intake" / "ab" / "abcd"
    photo.unlink()
    lines = restore(settings(), saved.data, saved.keys)
    assert township_name(sqlite_database) == "示例乡"
    assert photo.read_bytes() == b"photo"
    assert any("审计记录 intake：1 条一致" in line for line in lines)


def test_what_stood_there_before_a_restore_is_kept(
    sqlite_database: str, lived_in: SmallTownship, tmp_path: Path
) -> None:
    saved = save(settings(), tmp_path / "backups")
    rename_township(sqlite_database, "后来的名字")
    restore(settings(), saved.data, saved.keys)
    kept = next(settings().data_dir.glob("before-restore-*/xiangzhi.db"))
    assert township_name(f"sqlite:///{kept}") == "后来的名字"


def test_keys_and_data_lie_in_different_archives_for_their_owner_only(
    sqlite_database: str, lived_in: SmallTownship, tmp_path: Path
) -> None:
    saved = save(settings(), tmp_path / "backups")
    data, keys = (read_archive(path, tmp_path / path.name[:-7]) for path in (saved.data, saved.keys))
    assert {name.split("/")[0] for name in data.files} == {"database.sqlite", "files"}
    assert {name.split("/")[0] for name in keys.files} == {"keys"}
    assert {path.stat().st_mode & 0o777 for path in (saved.data, saved.keys)} == {0o600}
    assert (settings().data_dir / BACKUP_MARK).exists()


@pytest.mark.parametrize("harm", ["cut", "changed", "no archive"])
def test_a_damaged_backup_changes_nothing(
    sqlite_database: str, lived_in: SmallTownship, tmp_path: Path, harm: str
) -> None:
    saved = save(settings(), tmp_path / "backups")
    content = bytearray(saved.data.read_bytes())
    if harm == "cut":
        content = content[: len(content) // 2]
    elif harm == "changed":
        content[len(content) // 2] ^= 255
    else:
        content = bytearray(b"not an archive")
    saved.data.write_bytes(content)
    rename_township(sqlite_database, "后来的名字")
    with pytest.raises(CannotDo, match="备份"):
        restore(settings(), saved.data, saved.keys)
    assert township_name(sqlite_database) == "后来的名字"


def test_when_the_proof_fails_everything_is_as_before(
    sqlite_database: str, lived_in: SmallTownship, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = save(settings(), tmp_path / "backups")
    rename_township(sqlite_database, "后来的名字")

    def refuse(_url: str) -> list[str]:
        raise CannotDo("对不上")

    monkeypatch.setattr(restoring, "prove", refuse)
    with pytest.raises(CannotDo, match="对不上"):
        restore(settings(), saved.data, saved.keys)
    assert township_name(sqlite_database) == "后来的名字"
    assert list(settings().data_dir.glob("before-restore-*")) == []
    assert any(settings().key_dir.iterdir())


def test_a_running_system_is_not_restored_over(sqlite_database: str, lived_in: SmallTownship, tmp_path: Path) -> None:
    saved = save(settings(), tmp_path / "backups")
    with only_one_here(settings().data_dir, "http://127.0.0.1:8000"), pytest.raises(CannotDo, match="先停止"):
        restore(settings(), saved.data, saved.keys)


def test_keys_of_every_service_open_what_it_has_encrypted(
    any_database: str, database_for: DatabaseFor, lived_in: SmallTownship
) -> None:
    counts = {}
    for service in Service:
        with database_for(service).transaction() as session:
            fill(session, service, lived_in)
            counts[service] = len(list(encrypted_values(session)))
    # The number of the fixture's person besides.
    assert min(counts.values()) >= 1
    assert prove_keys(any_database) == [
        f"密钥 {service}：{count} 条加密内容都能读出" for service, count in counts.items()
    ]


@pytest.fixture
def own_keys(key_dir: Path, tmp_path: Path, lived_in: SmallTownship, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the keys that a test may harm."""
    copy = tmp_path / "keys"
    shutil.copytree(key_dir, copy)
    monkeypatch.setenv("XZ_KEY_DIR", str(copy))
    settings.cache_clear()
    return copy


@pytest.fixture
def others(tmp_path: Path) -> Path:
    """The keys of another system."""
    ensure_keys(tmp_path / "others", create=True)
    return tmp_path / "others"


KEY_FILES = {"field": field_keys_path, "seal": sealing_public_path}


@pytest.mark.parametrize("service", Service)
@pytest.mark.parametrize("key", KEY_FILES)
@pytest.mark.parametrize("harm", ["another system's", "missing"])
def test_keys_that_do_not_fit_are_named_and_no_backup_is_made_with_them(
    sqlite_database: str,
    database_for: DatabaseFor,
    lived_in: SmallTownship,
    tmp_path: Path,
    own_keys: Path,
    others: Path,
    service: Service,
    key: str,
    harm: str,
) -> None:
    with database_for(service).transaction() as session:
        fill(session, service, lived_in)
    path = KEY_FILES[key]
    path(service, own_keys).unlink()
    if harm == "another system's":
        shutil.copy(path(service, others), path(service, own_keys))
    with pytest.raises(CannotDo, match=f"{service} 的密钥"):
        save(settings(), tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == []


def test_an_index_key_that_does_not_fit_is_named(
    sqlite_database: str, database_for: DatabaseFor, lived_in: SmallTownship, own_keys: Path, others: Path
) -> None:
    with database_for(Service.INTAKE).transaction() as session:
        person = session.scalars(select(Person).order_by(Person.id).limit(1)).one()
        for name, value in identity_fields("431299196003151017").items():
            setattr(person, name, value)
    assert prove_keys(sqlite_database)
    shutil.copy(index_key_path(Service.INTAKE, others), index_key_path(Service.INTAKE, own_keys))
    with pytest.raises(CannotDo, match="intake 的密钥"):
        prove_keys(sqlite_database)


@pytest.mark.parametrize("fails", [False, True])
def test_a_proof_leaves_no_connection_open(
    postgresql_database: str, lived_in: SmallTownship, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    own = Database(postgresql_database, Service.INTAKE)
    name = make_url(postgresql_database).database

    def opened() -> int:
        asked = text("SELECT count(*) FROM pg_stat_activity WHERE datname = :name")
        with own.reading() as session:
            return session.scalar(asked, {"name": name}) or 0

    before = opened()
    if fails:
        monkeypatch.setattr(proof, "_prove_ledgers", _refuse)
    with pytest.raises(CannotDo) if fails else nullcontext():
        proof.prove(postgresql_database)
    wait_until(lambda: opened() <= before)
    own.dispose()


def _refuse(_database: Database) -> str:
    raise CannotDo("对不上")


def test_what_only_an_upgrade_will_make_does_not_hinder_the_backup_before_it(
    sqlite_database: str, lived_in: SmallTownship, tmp_path: Path
) -> None:
    database = Database(sqlite_database, Service.INTAKE)
    with database.engine.begin() as connection:
        connection.execute(text("DROP TABLE gateway_opinion"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001_registry'"))
    database.dispose()
    assert save(settings(), tmp_path / "backups").data.exists()


def test_a_changed_ledger_fails_the_proof(sqlite_database: str, lived_in: SmallTownship, tmp_path: Path) -> None:
    database = Database(sqlite_database, Service.POINTS)
    with database.transaction() as session:
        session.execute(text("UPDATE points_account SET balance = balance + 100 WHERE balance <> 0"))
    database.dispose()
    saved = save(settings(), tmp_path / "backups")
    with pytest.raises(CannotDo, match="账本对不上"):
        restore(settings(), saved.data, saved.keys)


def test_a_changed_audit_row_fails_the_proof(sqlite_database: str, lived_in: SmallTownship, tmp_path: Path) -> None:
    database = Database(sqlite_database, Service.INTAKE)
    with database.transaction() as session:
        session.execute(text("UPDATE intake_audit SET action = 'something_else'"))
    database.dispose()
    saved = save(settings(), tmp_path / "backups")
    with pytest.raises(CannotDo, match="审计记录从第 1 条起对不上"):
        restore(settings(), saved.data, saved.keys)


def test_a_postgresql_backup_goes_into_an_empty_database_only(
    postgresql_database: str,
    lived_in: SmallTownship,
    empty_target: str,
    as_settings: Callable[[str], None],
    tmp_path: Path,
) -> None:
    saved = save(settings(), tmp_path / "backups")
    with pytest.raises(CannotDo, match="不会覆盖"):
        restore(settings(), saved.data, saved.keys)
    as_settings(empty_target)
    restore(settings(), saved.data, saved.keys)
    assert township_name(empty_target) == "示例乡"


def test_when_the_proof_fails_a_postgresql_database_is_empty_again_and_takes_the_next_restore(
    postgresql_database: str,
    lived_in: SmallTownship,
    empty_target: str,
    as_settings: Callable[[str], None],
    tmp_path: Path,
) -> None:
    whole = save(settings(), tmp_path / "backups")
    with Database(postgresql_database, Service.POINTS).transaction() as session:
        session.execute(text("UPDATE points_account SET balance = balance + 100 WHERE balance <> 0"))
    broken = save(settings(), tmp_path / "broken")
    execute(empty_target, "CREATE FUNCTION of_another_program() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    before = look(empty_target)
    as_settings(empty_target)
    with pytest.raises(CannotDo, match="账本对不上"):
        restore(settings(), broken.data, broken.keys)
    assert look(empty_target) == before == {("ROUTINE", "of_another_program()")}
    restore(settings(), whole.data, whole.keys)
    assert township_name(empty_target) == "示例乡"


def test_what_can_not_be_cleared_is_said(
    postgresql_database: str, empty_target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_url: str, _before: object) -> None:
        raise SQLAlchemyError("the server went away")

    monkeypatch.setattr(undoing, "_drop", refuse)
    with pytest.raises(CannotDo, match="对不上。 目标数据库里还留着没有核对过的内容"), undone_if_it_fails(empty_target):
        raise CannotDo("账本对不上。")


def counts(url: str) -> dict[str, int]:
    database = Database(url, Service.INTAKE)
    try:
        return count_rows(database)
    finally:
        database.dispose()


def test_a_move_to_postgresql_carries_every_row_and_its_keys_go_on_counting(
    sqlite_database: str, lived_in: SmallTownship, empty_target: str
) -> None:
    lines = move(sqlite_database, empty_target)
    assert counts(empty_target) == counts(sqlite_database)
    assert any("密钥 intake：1 条加密内容都能读出" in line for line in lines)
    assert any("积分账本：2 个村一致" in line for line in lines)
    database = Database(empty_target, Service.INTAKE)
    with database.transaction() as session:
        highest = session.scalar(select(func.max(Person.id))) or 0
        person = Person(township_id=lived_in.id, name="新来的人")
        session.add(person)
        session.flush()
        assert person.id == highest + 1
        missing = session.scalar(text("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND NOT convalidated"))
        assert missing == 0
        keys = session.scalar(text("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conparentid = 0"))
        assert keys == sum(len(table.foreign_key_constraints) for table in Base.metadata.tables.values())
    database.dispose()


def test_a_move_refuses_a_database_that_holds_something(
    sqlite_database: str, lived_in: SmallTownship, empty_target: str
) -> None:
    move(sqlite_database, empty_target)
    before = counts(empty_target)
    with pytest.raises(CannotDo, match="已经有数据"):
        move(sqlite_database, empty_target)
    assert counts(empty_target) == before


def test_a_move_refuses_a_database_of_someone_else(
    sqlite_database: str, lived_in: SmallTownship, empty_target: str
) -> None:
    execute(empty_target, "CREATE TABLE accounts_of_another_program (id int)")
    with pytest.raises(CannotDo, match="别的表"):
        move(sqlite_database, empty_target)


def test_a_move_whose_proof_fails_leaves_nothing_behind_and_can_be_repeated(
    sqlite_database: str, lived_in: SmallTownship, empty_target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_url: str) -> list[str]:
        raise CannotDo("对不上")

    with monkeypatch.context() as changed:
        changed.setattr(moving, "prove", refuse)
        with pytest.raises(CannotDo, match="^对不上$"):
            move(sqlite_database, empty_target)
    assert look(empty_target) == set()
    move(sqlite_database, empty_target)
    assert counts(empty_target) == counts(sqlite_database)
