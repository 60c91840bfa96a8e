# What every helper script of migr begins with. It is run by the project's own
# interpreter, Python 3.6 or later, and writes nothing but its answer.
import json
import os
import sys
import time
import traceback

sys.dont_write_bytecode = True
with open(sys.argv[1], encoding="utf-8") as _f:
    _JOB = json.load(_f)
REQUESTS = _JOB["requests"]
REQUEST = {}  # that which is being answered
BEGAN = globals().get("BEGAN", time.time())
ROOT = os.path.realpath(_JOB["root"])
_HELPER = os.path.dirname(os.path.realpath(sys.argv[0]))


class Failure(Exception):
    """What the person is told: a kind that the Go side knows, and the message."""

    def __init__(self, kind, message, detail="", **more):
        Exception.__init__(self, message)
        self.kind, self.detail, self.more = kind, detail, more


WARNINGS = []


def warn(message):
    if message not in WARNINGS:
        WARNINGS.append(message)


# ---------------------------------------------------------------- what was read
# The answer holds what it was made from, so that it need not be made again: files and
# folders that were opened, variables of the environment that were asked for.
_reads = {}  # path -> "file", "lib", "dir", "importdir" or "stat"
_written = set()
_asked = set()
_whole = []  # not empty: the whole environment was looked at
_outside = []  # not empty: a program, a socket or a database was used


def _library_roots():
    roots = {sys.prefix, sys.exec_prefix} if sys.prefix != sys.base_prefix else set()
    try:
        import site
        import sysconfig

        roots.update(sysconfig.get_path(n) for n in ("stdlib", "platstdlib", "purelib", "platlib"))
        roots.update(getattr(site, "getsitepackages", list)())
        roots.add(site.getusersitepackages())
        roots.add(os.path.dirname(os.__file__))
    except Exception:  # a site of its own making: then less is taken for a library
        pass
    found = set()
    for r in roots:
        if r:
            found.update((os.path.abspath(r), os.path.realpath(r)))
    return tuple(r + os.sep for r in found)


_LIBS = _library_roots()


def is_library(path):
    return (path + os.sep).startswith(_LIBS)


def _note(path, sort):
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    if not isinstance(path, str) or path.startswith(("/dev/", "/proc/", "/sys/", "<")) or path == os.devnull:
        return
    path = os.path.normpath(os.path.join(_CWD, path))
    if path.startswith(_HELPER) or path.endswith(".pyc") or "__pycache__" in path:
        return
    if sort == "stat" and (path in _reads or path in _written or is_library(path)):
        return
    if is_library(path):
        sort = "lib"
    if _reads.get(path) != "dir":
        _reads[path] = sort


_CWD = os.getcwd()
_USES = (
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "socket.connect",
    "socket.getaddrinfo",
)


def _audit(event, args):
    if event == "open":
        path, mode, flags = args
        if mode is None:
            writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR)
        else:
            writes = any(c in mode for c in "wax+")
        if not writes:
            _note(path, "file")
        elif isinstance(path, str):
            _written.add(os.path.normpath(os.path.join(_CWD, path)))
    elif event in ("os.listdir", "os.scandir"):
        caller = sys._getframe(2).f_code.co_filename
        _note(args[0] or ".", "importdir" if "importlib._bootstrap" in caller else "dir")
    elif event in _USES:
        _outside.append(event)
    elif event == "sqlite3.connect" and args and args[0] != ":memory:":
        _outside.append(event)


def _hook(event, args):
    try:
        _audit(event, args)
    except Exception:
        pass


class _Drivers:
    """Sees connections of drivers whose client library is in C and raises no audit event."""

    connects = {
        "psycopg2": ("connect",),
        "psycopg2._psycopg": ("_connect",),
        "psycopg.generators": ("connect",),
        "MySQLdb": ("connect", "Connect", "Connection"),
        "mysql.connector": ("connect", "Connect"),
        "mariadb": ("connect",),
        "pyodbc": ("connect",),
        "pymssql": ("connect",),
        "cx_Oracle": ("connect",),
        "oracledb": ("connect",),
        "duckdb": ("connect",),
    }

    def find_spec(self, name, path=None, target=None):
        if name not in self.connects:
            return None
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target) if finder is not self and hasattr(finder, "find_spec") else None
            if spec is not None:
                break
        else:
            return None
        run = getattr(spec.loader, "exec_module", None)
        if run is not None:
            spec.loader.exec_module = lambda module: (run(module), self.see(module, name))
        return spec

    def see(self, module, name):
        def seen(real):
            def connect(*args, **kw):
                _outside.append(name + ".connect")
                return real(*args, **kw)

            return connect

        for function in self.connects[name]:
            if hasattr(module, function):
                setattr(module, function, seen(getattr(module, function)))


def _noting(real):
    """os.stat or os.lstat, which raise no audit event; os.path.exists and pathlib call them."""

    def stat(path, **kw):
        if kw.get("dir_fd") is None and not isinstance(path, int):
            try:
                _note(os.fspath(path), "stat")
            except Exception:
                pass
        return real(path, **kw)

    for able in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
        if real in able:
            able.add(stat)
    return stat


def record():
    """Begins to take note of what is read."""
    if not hasattr(sys, "addaudithook"):  # before Python 3.8
        _outside.append("python")
        return
    sys.addaudithook(_hook)
    sys.meta_path.insert(0, _Drivers())
    for name in ("stat", "lstat"):
        setattr(os, name, _noting(getattr(os, name)))
    kind = type(os.environ)
    getitem, walk = kind.__getitem__, kind.__iter__

    def asked(self, name):
        if isinstance(name, str):
            _asked.add(name)
        return getitem(self, name)

    def looked(self):
        _whole.append(True)
        return walk(self)

    kind.__getitem__, kind.__iter__ = asked, looked


def _modules():
    for m in list(sys.modules.values()):
        try:
            path = getattr(m, "__file__", None)
        except Exception:  # a module that is not one
            continue
        if isinstance(path, str):
            _note(path, "file")


# ---------------------------------------------------------------- errors in the project's code
def shown(path):
    """A path as the person would write it."""
    for base in (ROOT, _CWD):
        if path.startswith(base + os.sep):
            return path[len(base) + 1 :]
    return path


def places(exc):
    """Where in the project's own code an error came from, outermost first."""
    out = []
    for f in traceback.extract_tb(exc.__traceback__):
        path = os.path.realpath(f.filename)
        if f.filename.startswith("<") or path.startswith(_HELPER) or is_library(path):
            continue
        out.append("%s:%s: %s" % (shown(path), f.lineno, (f.line or "").strip()))
    return out


def words(exc):
    return "".join(traceback.format_exception_only(type(exc), exc)).strip()


def of_import(module, exc):
    """The Failure of an error that came up while a module was imported."""
    detail = "\n".join([words(exc)] + places(exc))
    more = {"module": module}
    if isinstance(exc, ModuleNotFoundError) and exc.name:
        if module == exc.name or module.startswith(exc.name + "."):
            return Failure("module", "there is no module " + exc.name, detail, **more)
        return Failure("package", "importing %s: the package %s is missing" % (module, exc.name), detail, missing=exc.name, **more)
    if isinstance(exc, SyntaxError):
        return Failure("syntax", "importing %s: a syntax error" % module, detail, **more)
    if isinstance(exc, KeyError) and exc.args and exc.args[0] in _asked and exc.args[0] not in os.environ:
        return Failure("variable", "importing %s: the environment has no %s" % (module, exc.args[0]), detail, missing=exc.args[0], **more)
    if isinstance(exc, SystemExit):
        return Failure("import", "importing %s: it ends the program (exit %s)" % (module, exc.code), detail, **more)
    return Failure("import", "importing %s failed" % module, detail, **more)


def load(module):
    """Imports a module of the project; what goes wrong is a Failure."""
    import importlib

    try:
        return importlib.import_module(module)
    except Failure:
        raise
    except BaseException as e:
        if isinstance(e.__cause__, Failure):
            raise e.__cause__
        raise of_import(module, e)


_placed = []


def project_path(module):
    """Puts the project's folder, or its src, first in sys.path."""
    if not _placed:
        sys.path[0:1] = [ROOT]
        _placed.append(ROOT)
    first = module.split(".")[0]
    for below in ("", "src"):
        base = os.path.join(ROOT, below) if below else ROOT
        if os.path.exists(os.path.join(base, first)) or os.path.exists(os.path.join(base, first + ".py")):
            if base not in _placed:
                sys.path.insert(0, base)
                _placed.append(base)
            return


# ---------------------------------------------------------------- the answer
def answer(read):
    """Has read() import what each request names, then each of the functions that it returned
    say what it found; so the order of requests means nothing. Writes the results, or what went wrong."""
    try:
        import faulthandler

        faulthandler.dump_traceback_later(max(BEGAN + _JOB["timeout"] - time.time() - 0.5, 0.2), file=sys.stderr)
    except Exception:
        pass
    results = [{"statements": [], "warnings": []} for r in REQUESTS]
    record()
    makers = [_result(r, out, read) for r, out in zip(REQUESTS, results)]
    for r, out, make in zip(REQUESTS, results, makers):
        if "failure" not in out:
            out["statements"] = _result(r, out, make)
    _modules()
    _write({"results": results, "python": sys.version, "reads": _reads, "asked": sorted(_asked), "whole": bool(_whole), "outside": sorted(set(_outside))})
    for s in (sys.stdout, sys.stderr):
        try:
            s.flush()
        except Exception:
            pass
    os._exit(0)  # no exit handlers and no waiting for the project's threads


def _result(request, out, make):
    """What make() returns, with its request at hand; warnings and what went wrong go to out."""
    REQUEST.clear()
    REQUEST.update(request)
    del WARNINGS[:]
    result = None
    try:
        result = make()
    except Failure as e:
        out["failure"] = dict(e.more, kind=e.kind, message=str(e), detail=e.detail)
    except BaseException as e:
        out["failure"] = {"kind": "internal", "message": words(e), "detail": "\n".join([words(e)] + places(e))}
        traceback.print_exc()
    out["warnings"] += WARNINGS
    return result


def _write(out):
    part = _JOB["answer"] + ".part"
    with open(part, "w", encoding="utf-8", errors="surrogateescape") as f:
        json.dump(out, f)
    os.replace(part, _JOB["answer"])

