# Prints the DDL of a Django project: of its models, or of its migrations. Django 3.2 to 6; no driver, no connection.
import decimal
import types
import uuid
import warnings as _warnings

PERCENT = "\ue025"  # stands for % in values, which else goes through a changing number of "sql % params"


def main():
    project_path(REQUEST["settings"])
    try:
        import django
    except ImportError as e:
        raise Failure("package", "Django is not installed for this interpreter", words(e), missing="django")
    if django.VERSION < (3, 2):
        raise Failure("version", "Django %s is too old: 3.2 is the first that migr reads" % django.get_version())
    os.environ["DJANGO_SETTINGS_MODULE"] = REQUEST["settings"]
    load(REQUEST["settings"])
    connection = set_up()
    return lambda: statements_of(connection, excluded())


def statements_of(connection, exclude):
    KNOWN.tables.clear()
    if connection.vendor == "sqlite":
        editor_class, editor_args = connection.SchemaEditorClass, {}
    else:
        silent(connection)
        editor_class, editor_args = editor_of(connection), {"collect_sql": True}
    out = []

    def editor():
        return Closing(editor_class(connection, atomic=False, **editor_args), out)

    history_table(connection, editor, exclude)
    if REQUEST["mode"] == "migrations":
        replay(connection, editor, exclude)
    else:
        create(connection, editor, exclude)
    if connection.vendor == "sqlite":
        with connection.cursor() as c:
            c.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY type = 'index', rowid")
            out = [row[0] for row in c.fetchall()]
    return [s.replace(PERCENT, "%") for s in out]


class Closing:
    """An editor in use; what it collected goes to out."""

    def __init__(self, editor, out):
        self.editor, self.out = editor, out

    def __enter__(self):
        return self.editor.__enter__()

    def __exit__(self, kind, exc, tb):
        if kind is None and self.editor.collect_sql and REQUEST["mode"] != "migrations":
            self.editor.deferred_sql.sort(key=str)
        self.editor.__exit__(kind, exc, tb)
        self.out += getattr(self.editor, "collected_sql", [])


# ---------------------------------------------------------------- the project
ENGINES = {"postgres": "postgresql", "mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite3"}
FAMILY = {
    "postgres": ("postgres", "postgis", "psycopg", "timescale", "cockroach"),
    "mysql": ("mysql", "mariadb"),
    "mariadb": ("mysql", "mariadb"),
    "sqlite": ("sqlite", "spatialite"),
}


def set_up():
    """The connection of one of DATABASES, after django.setup() with databases that are never connected to."""
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    try:
        databases = dict(settings.DATABASES or {})
    except ImproperlyConfigured as e:
        raise Failure("import", "the settings cannot be used", words(e), module=REQUEST["settings"])
    alias = REQUEST["alias"]
    if alias not in databases and (alias != "default" or databases):
        raise Failure("settings", "DATABASES has no %s" % alias, "it has: " + ", ".join(sorted(databases)))
    if not _set_up:
        _set_up.append(alias)
        set_up_all(databases, {r["alias"] for r in REQUESTS})
    from django.db import connections

    try:
        return connections[alias]
    except Exception as e:
        raise of_import(settings.DATABASES[alias]["ENGINE"], e)


_set_up = []


def set_up_all(databases, aliases):
    import django
    from django.conf import settings

    databases.setdefault("default", {})
    family = FAMILY[REQUEST["dialect"]]
    for name, conf in databases.items():
        engine = conf.get("ENGINE") or ""
        if name in aliases and not any(f in engine for f in family):
            engine = "django.db.backends." + ENGINES[REQUEST["dialect"]]
        lite = any(f in engine for f in FAMILY["sqlite"])
        databases[name] = {"ENGINE": engine or "django.db.backends.dummy", "NAME": ":memory:" if lite else "migr"}
    stub_drivers([c["ENGINE"] for c in databases.values()])
    settings.DATABASES = databases
    refuse_connections(aliases)
    try:
        django.setup()
    except Failure:
        raise
    except BaseException as e:
        raise of_import(REQUEST["settings"], e)


def refuse_connections(aliases):
    """Apps that look at the database when they are loaded find it not there."""
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.utils import OperationalError

    real = BaseDatabaseWrapper.connect

    def connect(self):
        if self.vendor == "sqlite" and self.alias in aliases and _ready:
            return real(self)
        raise OperationalError("a connection to the database was asked for while the models were read; migr reads models without one")

    BaseDatabaseWrapper.connect = connect


_ready = []


def excluded():
    from django.apps import apps

    labels = {a.label: a.label for a in apps.get_app_configs()}
    labels.update({a.name: a.label for a in apps.get_app_configs()})
    labels["migrations"] = "migrations"
    out = set()
    for name in REQUEST["exclude_apps"]:
        if name not in labels:
            raise Failure("apps", "exclude_apps names %s, which is no installed app" % name, "the apps are: " + ", ".join(sorted(set(labels.values()))))
        out.add(labels[name])
    _ready.append(True)
    return out


# ---------------------------------------------------------------- drivers that are not there
class _Loose(type):
    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything(name)


class Anything:
    """Stands for whatever a driver has: can be called, asked, subclassed."""

    def __init__(self, *args, **kw):
        pass

    def __call__(self, *args, **kw):
        return self

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything(name)

    def __mro_entries__(self, bases):
        return ()

    def __iter__(self):
        return iter(())


ERRORS = ("Error", "Warning", "InterfaceError", "DatabaseError", "DataError", "OperationalError", "IntegrityError", "InternalError",
          "ProgrammingError", "NotSupportedError")
LEVELS = {"READ_COMMITTED": 1, "REPEATABLE_READ": 2, "SERIALIZABLE": 3, "READ_UNCOMMITTED": 4, "AUTOCOMMIT": 0}


class Stub(types.ModuleType):
    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name in ERRORS or name.endswith(("Error", "Violation")):
            value = type(name, (Exception,), {})
        elif name.startswith("ISOLATION_LEVEL_"):
            value = LEVELS.get(name[16:], 9)
        elif name.isupper():
            value = Anything(name)
        elif name[:1].isupper():
            value = _Loose(name, (Anything,), {})
        else:
            value = Anything(name)
        setattr(self, name, value)
        return value


def stub(*names):
    for name in names:
        m = Stub(name)
        sys.modules[name] = m
        parent, _, last = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], last, m)
    return sys.modules[names[0]]


def importable(*names):
    for name in names:
        try:
            __import__(name)
            return True
        except Exception:  # not there, or without the client library that it wants
            for left in [n for n in sys.modules if n == name or n.startswith(name + ".")]:
                del sys.modules[left]
    return False


def stub_drivers(engines):
    engines = " ".join(engines)
    if any(f in engines for f in FAMILY["postgres"]) and not importable("psycopg", "psycopg2"):
        m = stub("psycopg2", "psycopg2.extensions", "psycopg2.extras", "psycopg2.sql", "psycopg2.errors", "psycopg2.errorcodes")
        m.__version__ = "2.9.99 (none)"
    if any(f in engines for f in FAMILY["mysql"]) and not importable("MySQLdb"):
        m = stub("MySQLdb", "MySQLdb.constants", "MySQLdb.constants.CLIENT", "MySQLdb.constants.FIELD_TYPE", "MySQLdb.converters")
        m.version_info, m.__version__ = (2, 2, 99, "final", 0), "2.2.99"
        m.converters.conversions = {}


# ---------------------------------------------------------------- a connection that answers by itself
class Introspects(Exception):
    """An operation wants to look into a database."""


class NoCursor:
    def __enter__(self):
        return self

    def __exit__(self, *args):
        pass

    def close(self):
        pass

    def execute(self, sql, params=None):
        if "pg_extension" not in str(sql) and "pg_available_extensions" not in str(sql) and "pg_collation" not in str(sql):
            raise Introspects("it looks into the database: " + " ".join(str(sql).split())[:120])

    def fetchone(self):
        return None

    def fetchall(self):
        return []

    def __iter__(self):
        return iter(())


def silent(connection):
    own = connection.__dict__
    number, maria = REQUEST["server_version"], REQUEST["server_mariadb"]
    connection.cursor = lambda *a, **k: NoCursor()
    connection.ensure_connection = connection.connect
    own["autocommit"] = True
    if connection.vendor == "postgresql":
        own["pg_version"] = number or 150000
        connection.introspection.get_sequences = lambda cursor, table, fields=(): []
    else:
        number = number or (101100 if maria else 80040)
        text = "%d.%d.%d" % (number // 10000, number // 100 % 100, number % 100)
        data = {
            "version": text + ("-MariaDB" if maria else ""),
            "sql_mode": "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION",
            "default_storage_engine": "InnoDB",
            "sql_auto_is_null": False,
            "lower_case_table_names": 0,
            "has_zoneinfo_database": True,
        }
        own["mysql_server_data"] = data
        own["mysql_server_info"] = data["version"]
        connection.features.__dict__["_mysql_storage_engine"] = "InnoDB"
        connection.introspection.get_storage_engine = lambda cursor, table: "InnoDB"
    connection.introspection.get_constraints = lambda cursor, table: KNOWN.of(table)
    connection.introspection.get_primary_key_column = lambda cursor, table: KNOWN.primary(table)
    connection.ops.compose_sql = lambda sql, params: sql % tuple(literal(connection, p) for p in params or ())
    connection.ops.last_executed_query = lambda cursor, sql, params: sql
    try:
        from django.contrib.postgres import operations, signals

        operations.register_type_handlers = signals.register_type_handlers = lambda *a, **k: None
        for get in ("get_hstore_oids", "get_citext_oids"):
            if hasattr(signals, get):
                setattr(signals, get, Cleared())
                if hasattr(operations, get):
                    setattr(operations, get, getattr(signals, get))
    except Exception:  # django.contrib.postgres wants the real driver, and is not used without it
        pass


class Cleared:
    def cache_clear(self):
        pass

    def __call__(self, *args):
        return (), ()


def literal(connection, value):
    """A value as SQL; the drivers' own quoting wants a connection."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return ("TRUE" if value else "FALSE") if connection.vendor == "postgresql" else str(int(value))
    if isinstance(value, (int, decimal.Decimal)):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        text = bytes(value).hex()
        return "'\\x%s'::bytea" % text if connection.vendor == "postgresql" else "x'%s'" % text
    if isinstance(value, uuid.UUID) and connection.vendor != "postgresql":
        value = value.hex
    if isinstance(value, (list, tuple)) and connection.vendor == "postgresql":
        return "ARRAY[%s]" % ", ".join(literal(connection, v) for v in value) if value else "'{}'"
    if connection.vendor == "postgresql" and hasattr(value, "adapted"):  # a JSON value
        value = json.dumps(value.adapted)
    elif connection.vendor == "postgresql" and hasattr(value, "obj"):
        value = json.dumps(value.obj)
    text = str(value).replace("'", "''")
    if connection.vendor == "mysql":
        text = text.replace("\\", "\\\\")
    return "'" + text.replace("%", PERCENT) + "'"


def editor_of(connection):
    from django.db.backends.ddl_references import Statement

    base = connection.SchemaEditorClass

    class Editor(base):
        def quote_value(self, value):
            return literal(connection, value)

        def prepare_default(self, value):
            return literal(connection, value)

        def execute(self, sql, params=()):
            if isinstance(sql, Statement):
                KNOWN.statement(self, sql)
            text = str(sql)
            if params:
                text = text % tuple(literal(connection, p) for p in params)
            text = text.strip().rstrip(";")
            if text:
                self.collected_sql.append(text)

        def create_model(self, model):
            KNOWN.model(self, model)
            super().create_model(model)

        def delete_model(self, model):
            super().delete_model(model)
            KNOWN.drop(model._meta.db_table)

        def alter_db_table(self, model, old, new):
            super().alter_db_table(model, old, new)
            KNOWN.rename(old, new)

        def add_field(self, model, field):
            KNOWN.field(self, model, field)
            super().add_field(model, field)

        def remove_field(self, model, field):
            super().remove_field(model, field)
            if field.column:
                KNOWN.drop_column(model._meta.db_table, field.column)

        def _alter_field(self, model, old_field, new_field, *args, **kw):
            table = model._meta.db_table
            if old_field.column and new_field.column and old_field.column != new_field.column:
                # the new column's name stands in what is made after the renaming
                result = super()._alter_field(model, old_field, new_field, *args, **kw)
                KNOWN.rename_column(table, old_field.column, new_field.column)
                return result
            return super()._alter_field(model, old_field, new_field, *args, **kw)

    return Editor


# ---------------------------------------------------------------- constraints that are known to be there
class Known:
    """The names of constraints and indexes, as the server would tell them."""

    def __init__(self):
        self.tables = {}

    def of(self, table):
        return dict(self.tables.get(table, {}))

    def primary(self, table):
        for c in self.of(table).values():
            if c["primary_key"]:
                return c["columns"][0]
        return None

    def add(self, table, name, columns, **what):
        c = {"columns": list(columns), "primary_key": False, "unique": False, "foreign_key": None, "check": False, "index": False,
             "orders": [], "definition": None, "type": None, "options": None}
        c.update(what)
        self.tables.setdefault(table, {})[name] = c

    def drop(self, table):
        self.tables.pop(table, None)

    def rename(self, old, new):
        if old != new and old in self.tables:
            self.tables[new] = self.tables.pop(old)

    def drop_column(self, table, column):
        t = self.tables.get(table, {})
        for name in [n for n, c in t.items() if column in c["columns"]]:
            del t[name]

    def rename_column(self, table, old, new):
        for c in self.tables.get(table, {}).values():
            c["columns"] = [new if n == old else n for n in c["columns"]]

    def model(self, editor, model):
        table = model._meta.db_table
        for f in model._meta.local_fields:
            self.field(editor, model, f)
        pg = editor.connection.vendor == "postgresql"
        if model._meta.pk is not None and model._meta.pk.column:
            name = (table[:58] + "_pkey") if pg else "PRIMARY"
            self.add(table, name, [model._meta.pk.column], primary_key=True, unique=True)

    def field(self, editor, model, f):
        """What a column brings without a name of Django's: its UNIQUE and its CHECK."""
        if not f.column:
            return
        table, pg = model._meta.db_table, editor.connection.vendor == "postgresql"
        if f.unique and not f.primary_key:
            self.add(table, server_name(table, f.column, "key") if pg else f.column, [f.column], unique=True, index=not pg)
        try:
            check = f.db_parameters(connection=editor.connection).get("check")
        except Exception:
            check = None
        if check:
            if pg:
                name = server_name(table, f.column, "check")
            elif editor.connection.mysql_is_mariadb:
                name = f.column
            else:
                n = 1
                while "%s_chk_%d" % (table, n) in self.tables.get(table, {}):
                    n += 1
                name = "%s_chk_%d" % (table, n)
            self.add(table, name, [f.column], check=True)

    def statement(self, editor, s):
        """Takes note of a constraint that Django makes or drops by name."""
        parts = s.parts
        table = getattr(parts.get("table"), "table", None)
        name = parts.get("name")
        if table is None or name is None:
            return
        name = str(name).strip('"`')
        columns = getattr(parts.get("columns", parts.get("column")), "columns", [])
        text = str(s.template).upper()
        if " DROP " in text or text.startswith("DROP "):
            self.tables.get(table, {}).pop(name, None)
        elif "FOREIGN KEY" in text or "REFERENCES" in text:
            self.add(table, name, columns, foreign_key=(getattr(parts.get("to_table"), "table", ""), (getattr(parts.get("to_column"), "columns", [""]) or [""])[0]))
            if editor.connection.vendor == "mysql" and not self.indexed(table, columns):
                self.add(table, name + " ", columns, index=True)  # the server makes an index of the constraint's name
        elif "PRIMARY KEY" in text:
            self.add(table, name, columns, primary_key=True, unique=True)
        elif "CREATE INDEX" in text:
            self.add(table, name, columns, index=True, type="idx")
        elif "UNIQUE" in text:
            self.add(table, name, columns, unique=True, index="INDEX" in text or editor.connection.vendor == "mysql")
        elif "CHECK" in text:
            self.add(table, name, columns, check=True)

    def indexed(self, table, columns):
        return any((c["index"] or c["unique"]) and c["columns"][: len(columns)] == list(columns) for c in self.tables.get(table, {}).values())


KNOWN = Known()


def server_name(table, column, suffix):
    """PostgreSQL's own name for a constraint (makeObjectName): 63 bytes, the longer part is cut."""
    a, b = table, column
    room = 63 - len(suffix) - 2
    while len(a) + len(b) > room:
        if len(a) > len(b):
            a = a[:-1]
        else:
            b = b[:-1]
    return "%s_%s_%s" % (a, b, suffix)


# ---------------------------------------------------------------- models
def history_table(connection, editor, exclude):
    """The table of Django's own migrations is part of every project's database."""
    if "migrations" in exclude:
        return
    from django.db.migrations.recorder import MigrationRecorder

    with editor() as e:
        e.create_model(MigrationRecorder(connection).Migration)


def wanted(model, connection):
    from django.db import router

    o = model._meta
    if o.proxy or o.swapped or not o.can_migrate(connection):
        return False
    return router.allow_migrate_model(connection.alias, model)


def create(connection, editor, exclude):
    """All models, in the form that makemigrations would give them."""
    from django.apps import apps
    from django.db.migrations.state import ProjectState

    state = ProjectState.from_apps(apps)
    with editor() as e:
        for model in state.apps.get_models():
            o = model._meta
            if o.app_label in exclude or not wanted(model, connection):
                continue
            if not o.managed:
                warn("model %s is not managed by Django: its table %s is left out" % (o.label, o.db_table))
                continue
            not_said(model, connection)
            try:
                e.create_model(model)
            except Exception as x:
                raise Failure("dialect", "model %s cannot be said in %s" % (o.label, REQUEST["dialect"]), "\n".join([words(x)] + places(x)))
    unmanaged = [m for m in apps.get_models() if not m._meta.managed and not m._meta.proxy and m._meta.app_label not in exclude]
    for m in unmanaged:
        warn("model %s is not managed by Django: its table %s is left out" % (m._meta.label, m._meta.db_table))


def not_said(model, connection):
    """Warns of what Django leaves out on this database without a word."""
    o, f = model._meta, connection.features
    for c in list(o.indexes) + list(o.constraints):
        if getattr(c, "condition", None) is not None and type(c).__name__ != "CheckConstraint" and not f.supports_partial_indexes:
            warn("%s of %s has a condition, which %s does not know: Django leaves it out" % (c.name, o.label, REQUEST["dialect"]))
        if getattr(c, "expressions", None) and not f.supports_expression_indexes:
            warn("%s of %s is over an expression, which %s does not know: Django leaves it out" % (c.name, o.label, REQUEST["dialect"]))


# ---------------------------------------------------------------- migrations
def replay(connection, editor, exclude):
    """Runs the migration files on a database that is not there."""
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.operations import RunPython
    from django.db.migrations.state import ProjectState

    try:
        loader = MigrationLoader(None)
    except Exception as e:
        raise Failure("migrations", "the migrations cannot be read", "\n".join([words(e)] + places(e)), module=REQUEST["settings"])
    conflicts = loader.detect_conflicts()
    if conflicts:
        raise Failure("migrations", "the migrations have several ends: " + ", ".join(sorted(conflicts)),
                      "\n".join("%s: %s" % (a, ", ".join(n)) for a, n in sorted(conflicts.items())), module=REQUEST["settings"])
    plan, seen = [], set()
    for leaf in sorted(loader.graph.leaf_nodes()):
        for node in loader.graph.forwards_plan(leaf):
            if node not in seen:
                seen.add(node)
                plan.append(loader.graph.nodes[node])
    state = ProjectState(real_apps=loader.unmigrated_apps)
    for label in sorted(loader.unmigrated_apps):
        tell_unmigrated(label, exclude)
    for migration in plan:
        with editor() as e:
            for operation in migration.operations:
                before = state.clone()
                operation.state_forwards(migration.app_label, state)
                if isinstance(operation, RunPython):
                    look_at(migration, operation)
                elif migration.app_label not in exclude:
                    apply(operation, migration, e, before, state)


def tell_unmigrated(label, exclude):
    from django.apps import apps

    if label not in exclude and any(m._meta.managed for m in apps.get_app_config(label).get_models()):
        warn("app %s has models and no migrations: migrate makes no tables for it" % label)


def apply(operation, migration, editor, before, state):
    kept, deferred = list(getattr(editor, "collected_sql", [])), list(editor.deferred_sql)
    try:
        operation.database_forwards(migration.app_label, editor, before, state)
    except Exception as e:
        if editor.collect_sql:
            editor.collected_sql[:], editor.deferred_sql[:] = kept, deferred
        warn("%s.%s, %s: this cannot be replayed without a database and is left out: %s"
             % (migration.app_label, migration.name, operation.describe(), words(e)))


def look_at(migration, operation):
    """Functions are not run; one that writes SQL is told."""
    import inspect

    try:
        text = inspect.getsource(operation.code)
    except Exception:
        return
    if "schema_editor.execute" in text or ".cursor(" in text:
        warn("%s.%s runs SQL in a function (RunPython), which is left out: what it makes has to come from a .sql file beside these models"
             % (migration.app_label, migration.name))


if __name__ == "__main__":
    _warnings.simplefilter("ignore")
    answer(main)
