"""A simulated Snipe-IT over real HTTP, a mirror of it in a real PostgreSQL, and what both hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, text

from asset_sync.mirror import LoadReport, Options, load, migrate
from asset_sync.sandbox.company import Company
from asset_sync.sandbox.faults import Faults
from asset_sync.sandbox.server import Server
from asset_sync.sandbox.snipeit import FAULTS, Settings, SnipeState, Token, create_app
from asset_sync.systems.snipeit import TABLES, SnipeItClient
from asset_sync_tests.sandbox.snipeit_desk import TRASH, seen

Row = dict[str, Any]


class Register:
    """What is true, what is mirrored, and how to get from one to the other."""

    def __init__(self, engine: Engine, size: int, seed: int, settings: Settings | None, **options: Any) -> None:
        self.engine = engine
        self.state = SnipeState(Company(size, seed), seed)
        self.faults = Faults(2, FAULTS)
        self.tokens = {"t": Token()}
        told = {"throttle": None, **options}
        self.app = create_app(self.state, tokens=self.tokens, faults=self.faults, settings=settings, **told)
        self.zone = settings.timezone if settings else "UTC"
        self.url = ""

    def load(self, **options: Any) -> LoadReport:
        names = options.pop("names", tuple(TABLES))
        with SnipeItClient(self.url, "t") as client:
            return load(self.engine, client, Options(timezone=self.zone, **options), names=names, run_id="test")

    def ask(self, statement: str, **values: Any) -> list[Row]:
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(text(statement), values).mappings()]

    def one(self, statement: str, **values: Any) -> Any:
        [row] = self.ask(statement, **values)
        return next(iter(row.values()))

    def true(self, table: str) -> list[Row]:
        """The truth, without what nobody can see: trash that is not listed, seats of deleted licences, fields of one label."""
        rows = [self._shown(row) for row in self.state.truth(table)]
        return rows if table in TRASH else [row for row in rows if row.get("deleted_at") is None]

    def mirrored(self, table: str) -> list[Row]:
        """The mirror's rows with the columns of the truth."""
        source = "hardware_detail" if table == "hardware" else table
        rows = self.ask(f"SELECT * FROM snipeit.{source} WHERE purged_at IS NULL ORDER BY id")
        shown = rows if table in TRASH else [row for row in rows if row["deleted_at"] is None]
        names = next(iter(self.state.truth(table)), {}).keys()
        return [self._shown({name: _plain(name, row[name]) for name in names}) for row in shown]

    def _with_what_nobody_can_know(self, mirrored: list[Row]) -> list[Row]:
        """The entries of the log, with what was purged before anybody read of it."""
        true = {row["id"]: row for row in self.true("activity")}
        shown = {one: seen(self.state, row) for one, row in true.items()}
        return [{**row, **_unknown(row, true[row["id"]], shown[row["id"]])} if row["id"] in true else row for row in mirrored]

    def _shown(self, row: Row) -> Row:
        """The row without the custom fields whose label a later one of its fieldset has, too."""
        if "custom_fields" not in row:
            return row
        fieldset = self.state.models.rows[row["model_id"]].fieldset_id
        listed = self.state.fieldsets.rows[fieldset].field_ids if fieldset else ()
        seen = {self.state.fields.rows[one].name: one for one in listed}.values()
        return {**row, "custom_fields": {one: value for one, value in row["custom_fields"].items() if one in seen}}

    def differences(self) -> list[str]:
        """Every table with a cell that is not as it should be."""
        found = []
        for table in TABLES:
            true, mirrored = self.true(table), self.mirrored(table)
            if table == "activity":
                mirrored = self._with_what_nobody_can_know(mirrored)
            if true != mirrored:
                odd = [pair for pair in zip(true, mirrored, strict=False) if pair[0] != pair[1]][:1]
                ids = {row["id"] for row in true} ^ {row["id"] for row in mirrored}
                cells = [(n, a[n], b[n]) for a, b in odd for n in a if a[n] != b[n]]
                found.append(f"{table}: {len(true)} rows, mirrored {len(mirrored)}; only in one {sorted(ids)[:5]}; {cells}")
        return found


def _unknown(mirrored: Row, true: Row, shown: Row) -> Row:
    return {name: true[name] for name in _GONE if mirrored[name] is None and shown[name] is None}


_GONE = ("item_type", "item_id", "target_type", "target_id")


def _plain(name: str, value: Any) -> Any:
    if name == "custom_fields":
        return {int(one): filled for one, filled in value.items()}
    return tuple(value) if isinstance(value, list) else value


@contextmanager
def served(
    database_url: str, size: int = 60, seed: int = 3, settings: Settings | None = None, **options: Any
) -> Iterator[Register]:
    """Serve a register of that many machines, with the mirror's tables empty."""
    engine = create_engine(database_url, connect_args={"prepare_threshold": None})
    migrate(engine)
    register = Register(engine, size, seed, settings, **options)
    with Server(register.app, dated=True) as server:
        register.url = server.url
        yield register
    engine.dispose()
