# Prints the DDL that metadata.create_all() would run. SQLAlchemy 1.4 to 2.1; no driver, no connection.
import importlib
import pkgutil
import re
import warnings as _warnings


def main():
    project_path(REQUEST["module"])
    try:
        import sqlalchemy
    except ImportError as e:
        raise Failure("package", "SQLAlchemy is not installed for this interpreter", words(e), missing="sqlalchemy")
    version = tuple(int(n) for n in sqlalchemy.__version__.split(".")[:2])
    if version < (1, 4):
        raise Failure("version", "SQLAlchemy %s is too old: 1.4 is the first that migr reads" % sqlalchemy.__version__)
    inert_engines()
    found = resolve()
    load_more(REQUEST["import"])
    metadatas = metadata_of(found)
    return lambda: statements_of(metadatas)


_told = []  # metadata that another spec has named, too


def statements_of(metadatas):
    dialect = make_dialect()
    statements = []
    for m in metadatas:
        if any(m is t for t in _told):
            continue
        _told.append(m)
        check(m, dialect)
        statements += ddl(m, dialect)
    if not any(m.tables for m in metadatas):
        warn('there is no table in %s (imported: %s): have the modules with the models imported as well, import = ["package.models.*"] in migr.toml'
             % (REQUEST["attribute"] or "its metadata", ", ".join(project_modules())))
    return statements


# ---------------------------------------------------------------- engines
class Refused(Exception):
    pass


def inert_engines():
    """Engines made by the project are real ones without a driver, which refuse to connect."""
    import sqlalchemy
    import sqlalchemy.engine

    if hasattr(sqlalchemy.MetaData, "_migr_create_all"):
        return  # done for another spec
    from sqlalchemy.engine import Engine
    from sqlalchemy.engine.default import DefaultDialect
    from sqlalchemy.engine.url import make_url
    from sqlalchemy.pool import NullPool

    def refuse(*args, **kw):
        raise Refused("a connection to the database was asked for while the models were read; migr reads models without one")

    def dialect_of(url):
        try:
            return url.get_dialect()()
        except Exception:  # a dialect or driver that is not installed
            return DefaultDialect()

    def engine(url=None, *args, **kw):
        try:
            url = make_url(url)
        except Exception:  # no URL here, for the variable that holds it is not set
            url = make_url("sqlite://")
        e = Engine(NullPool(refuse), dialect_of(url), url)
        e.connect = e.raw_connection = e.begin = refuse
        return e

    def from_config(configuration, prefix="sqlalchemy.", **kw):
        return engine(configuration.get(prefix + "url"))

    def async_engine(url=None, *args, **kw):
        from sqlalchemy.ext.asyncio import AsyncEngine

        e = engine(url)
        e.dialect.is_async = True
        return AsyncEngine(e)

    def async_from_config(configuration, prefix="sqlalchemy.", **kw):
        return async_engine(configuration.get(prefix + "url"))

    for m in (sqlalchemy, sqlalchemy.engine, module("sqlalchemy.engine.create"), module("sqlalchemy.future"), module("sqlalchemy.future.engine")):
        for name, f in (("create_engine", engine), ("engine_from_config", from_config)):
            if hasattr(m, name):
                setattr(m, name, f)
    for m in (module("sqlalchemy.ext.asyncio"), module("sqlalchemy.ext.asyncio.engine")):
        for name, f in (("create_async_engine", async_engine), ("async_engine_from_config", async_from_config)):
            if hasattr(m, name):
                setattr(m, name, f)

    def nothing(self, *args, **kw):
        pass

    # what the project makes while it is imported is for its own database, not for us
    for owner in (sqlalchemy.MetaData, sqlalchemy.Table):
        for name in ("create_all", "drop_all", "create", "drop"):
            if hasattr(owner, name):
                setattr(owner, "_migr_" + name, getattr(owner, name))
                setattr(owner, name, nothing)


def module(name):
    try:
        return importlib.import_module(name)
    except Exception:
        return None


# ---------------------------------------------------------------- the project's modules
GUESSES = ("Base", "metadata", "db", "target_metadata", "SQLModel", "mapper_registry")


def resolve():
    m = load(REQUEST["module"])
    names = REQUEST["attribute"].split(".") if REQUEST["attribute"] else []
    if not names:
        for name in GUESSES:
            if hasattr(m, name) and metadata_in(getattr(m, name)):
                return getattr(m, name)
        raise Failure("attribute", "%s has none of %s: name the base or the metadata behind a colon" % (REQUEST["module"], ", ".join(GUESSES)))
    found = m
    for name in names:
        try:
            found = found[name] if isinstance(found, dict) else getattr(found, name)
        except (AttributeError, KeyError):
            have = [n for n in dir(m) if not n.startswith("_") and metadata_in(getattr(m, n, None))]
            raise Failure(
                "attribute",
                "%s has no %s" % (REQUEST["module"], REQUEST["attribute"]),
                "it has: " + ", ".join(sorted(have)) if have else "nothing in it has tables",
            )
    return found


def load_more(patterns):
    """Imports the modules of import = ["pkg.models.*"]: all below, at any depth."""
    for pattern in patterns:
        name = pattern[:-2] if pattern.endswith(".*") else pattern
        if name.endswith(".*"):  # pkg.**
            name = name[:-2]
        m = load(name)
        if name == pattern:
            continue
        if not hasattr(m, "__path__"):
            raise Failure("module", "import = %s: %s is a module, not a package: leave the .* off" % (pattern, name))
        below(m)


def below(package):
    for info in sorted(pkgutil.iter_modules(package.__path__, package.__name__ + "."), key=lambda i: i.name):
        if info.name.rsplit(".", 1)[1] == "__main__":
            continue
        m = load(info.name)
        if info.ispkg:
            below(m)


def project_modules():
    out = []
    for name, m in sys.modules.items():
        path = getattr(m, "__file__", None)
        if isinstance(path, str) and not is_library(path) and path.startswith((ROOT + os.sep, _CWD + os.sep)) and name != "__main__":
            out.append(name)
    return sorted(out) or ["nothing of the project"]


def metadata_in(thing):
    """The MetaData that a thing stands for, or None."""
    from sqlalchemy import MetaData, Table

    if isinstance(thing, MetaData):
        return thing
    if isinstance(thing, Table):
        return None
    try:
        m = getattr(thing, "metadata", None)
    except Exception:
        return None
    return m if isinstance(m, MetaData) else None


def metadata_of(thing):
    many = list(thing) if isinstance(thing, (list, tuple, set, frozenset)) else [thing]
    out = []
    for t in many:
        m = metadata_in(t)
        if m is None:
            raise Failure(
                "attribute",
                "%s:%s is no declarative base and no MetaData" % (REQUEST["module"], REQUEST["attribute"]),
                "it is " + repr(type(t)),
            )
        if m not in out:
            out.append(m)
        binds = getattr(t, "metadatas", None)  # Flask-SQLAlchemy 3
        others = [str(k) for k in binds if k is not None] if isinstance(binds, dict) else []
        if others:
            warn("the other databases of this project (bind %s) are left out: name them, as in %s:%s.metadatas.%s"
                 % (", ".join(others), REQUEST["module"], REQUEST["attribute"] or "db", others[0]))
    return out


# ---------------------------------------------------------------- the dialect
def make_dialect():
    from sqlalchemy.engine.url import make_url

    name = REQUEST["dialect"]
    d = make_url({"postgres": "postgresql"}.get(name, name) + "://").get_dialect()(paramstyle="named")
    d.identifier_preparer._double_percents = False  # what is printed goes through no driver
    # the database's own name as a schema is no other database
    d.identifier_preparer.schema_for_object = lambda thing: None if own_schema(thing.schema) else thing.schema
    number = REQUEST["server_version"]
    if name == "postgres":
        d.server_version_info = version_of(number, (15, 0))
        d._backslash_escapes = False
    elif name in ("mysql", "mariadb"):
        maria = REQUEST["server_mariadb"]
        d.server_version_info = version_of(number, (10, 11, 0) if maria else (8, 0, 40))
        d.is_mariadb = maria
        try:
            d._mariadb_normalized_version_info = d.server_version_info
        except AttributeError:  # a property since 2.1
            pass
        d.supports_sequences = maria and d.server_version_info >= (10, 3)
    return d


def version_of(number, otherwise):
    """150020 -> (15, 20), 1011019 -> (10, 11, 19), 90704 -> (9, 7, 4)."""
    if not number:
        return otherwise
    if REQUEST["dialect"] == "postgres":
        return (number // 10000, number % 10000)
    return (number // 10000, number // 100 % 100, number % 100)


# ---------------------------------------------------------------- what cannot be said
def check(metadata, dialect):
    """Finds everything that the dialect cannot express, not only the first of it."""
    from sqlalchemy.exc import CompileError
    from sqlalchemy.schema import CreateIndex, CreateTable

    bad = []
    for t in tables_of(metadata):
        if t.schema and not own_schema(t.schema):
            if REQUEST["dialect"] != "postgres":
                bad.append("table %s is in another database (schema=%r)" % (t.fullname, t.schema))
                continue
        try:
            CreateTable(t).compile(dialect=dialect)
        except CompileError as e:
            bad += columns_of(t, dialect) or ["table %s: %s" % (t.fullname, said(e))]
            continue
        for ix in t.indexes:
            try:
                CreateIndex(ix).compile(dialect=dialect)
            except CompileError as e:
                bad.append("index %s of table %s: %s" % (ix.name, t.fullname, said(e)))
        lost(t)
    if bad:
        raise Failure("dialect", "%d things in the models cannot be said in %s" % (len(bad), REQUEST["dialect"]) if len(bad) > 1
                      else "something in the models cannot be said in %s" % REQUEST["dialect"], "\n".join(bad))


def said(e):
    """SQLAlchemy's words on one line, without addresses in memory."""
    return re.sub(r"<[\w.]*?(\w+) object at 0x\w+>", r"\1", str(e).split("\n")[0].split(" (Background on")[0])


def columns_of(t, dialect):
    """Every column of a table that does not compile."""
    from sqlalchemy.exc import CompileError
    from sqlalchemy.schema import CreateColumn

    bad = []
    for c in t.columns:
        try:
            CreateColumn(c).compile(dialect=dialect)
        except CompileError as e:
            bad.append("column %s.%s: %s" % (t.fullname, c.name, said(e)))
        except Exception:
            pass
    return bad


def lost(t):
    """Warns of what SQLAlchemy leaves out or changes without a word."""
    own = {"postgres": "postgresql", "mysql": "mysql", "mariadb": "mariadb"}.get(REQUEST["dialect"], "sqlite")
    for ix in t.indexes:
        wheres = [k for k, v in ix.dialect_kwargs.items() if k.endswith("_where") and v is not None]
        if wheres and own + "_where" not in wheres:
            warn("index %s of table %s: %s is not for %s: the index is a full one there" % (ix.name, t.fullname, ", ".join(sorted(wheres)), REQUEST["dialect"]))
    for c in t.columns:
        text = getattr(c.server_default, "arg", None)
        binds = getattr(text, "_bindparams", None)
        if isinstance(binds, dict) and binds:
            names = ", ".join(":" + n for n in sorted(binds))
            warn("the default of %s.%s holds %s, which text() reads as a parameter, so that it becomes NULL: write it with a backslash before the colon" % (t.fullname, c.name, names))
        kind = getattr(c.type, "create_type", None)
        if REQUEST["dialect"] == "postgres" and kind is False and type(c.type).__name__ in ("ENUM", "DOMAIN"):
            warn("type %s of %s.%s is not made by the models (create_type=False): it has to come from a .sql file beside them" % (c.type.name, t.fullname, c.name))


def tables_of(metadata):
    for t in metadata.tables.values():
        if t.info.get("bind_key") is None or hasattr(metadata, "info") and metadata.info.get("bind_key"):
            yield t
        else:
            warn("table %s belongs to another database (bind %s) and is left out" % (t.fullname, t.info["bind_key"]))


def own_schema(name):
    if REQUEST["dialect"] == "sqlite":
        return name == "main"
    return name is not None and REQUEST["dialect"] != "postgres" and name == REQUEST["database"]


# ---------------------------------------------------------------- the statements
def ddl(metadata, dialect):
    """What create_all() sends, in an order that does not change from run to run."""
    from sqlalchemy.engine.mock import MockConnection
    from sqlalchemy.exc import CompileError

    got = []  # (sort of statement, text)
    def take(sql, *args, **kw):
        if isinstance(sql, str):
            got.append(("text", sql))
            return
        compile = getattr(sql, "compile", None)
        if compile is None:
            raise Failure("event", "a DDL event runs %r, which is no statement" % (sql,))
        kwargs = {}
        if not type(sql).__visit_name__.startswith(("create_", "drop_", "add_", "set_", "ddl")):
            kwargs["compile_kwargs"] = {"literal_binds": True}
        got.append((type(sql).__name__, str(compile(dialect=dialect, **kwargs))))

    mock = MockConnection(dialect, take)
    wanted = list(tables_of(metadata))
    try:
        metadata._migr_create_all(mock, tables=None if len(wanted) == len(metadata.tables) else wanted, checkfirst=False)
    except Failure:
        raise
    except CompileError as e:
        raise Failure("dialect", "something in the models cannot be said in %s" % REQUEST["dialect"], words(e))
    except Exception as e:
        raise Failure("event", "building the statements of the models failed: an event may want a real connection", "\n".join([words(e)] + places(e)))
    return schemas(metadata, dialect) + ordered(got)


def schemas(metadata, dialect):
    """create_all() takes for granted that the schemas are there."""
    if REQUEST["dialect"] != "postgres":
        return []
    names = {t.schema for t in metadata.tables.values() if t.schema}
    names.update(s.schema for s in getattr(metadata, "_sequences", {}).values() if s.schema)
    for t in metadata.tables.values():
        for c in t.columns:
            names.add(getattr(c.type, "schema", None) if getattr(c.type, "create_type", False) else None)
    if metadata.schema:
        names.add(metadata.schema)
    q = dialect.identifier_preparer.quote
    return ["CREATE SCHEMA IF NOT EXISTS " + q(n) for n in sorted(n for n in names if n and n != "public")]


def ordered(got):
    """Sorts each run of indexes, of constraints and of types: sets of objects stand behind them."""
    out, run, sort = [], [], None
    for kind, text in got + [(None, "")]:
        text = text.strip()
        if kind != sort or kind not in ("CreateIndex", "AddConstraint", "CreateEnumType"):
            out += sorted(run)
            run, sort = [], kind
        if text:
            run.append(text)
    return out + run


if __name__ == "__main__":
    _warnings.simplefilter("ignore")
    answer(main)
