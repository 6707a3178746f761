"""Who may import whom: the rules of the house as data, and a reader of the source that finds breaches."""

import ast
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).parents[2]

# What each package may import of ours beside itself. Processes meet in protos and coordinator_client alone.
_MAY_IMPORT: Mapping[str, set[str]] = {
    "protos": set(),
    "sql": set(),
    "export_formats": set(),
    "coordinator_client": {"protos"},
    "coordinator": {"protos", "sql"},
    "gateway": {"protos", "coordinator_client", "export_formats"},
    "ingest_worker": {"protos", "coordinator_client", "export_formats"},
    "stack": {"protos", "coordinator_client", "export_formats"},
}
_MAY_IMPORT_ANYTHING = {"tests", "benchmarks"}
_OURS = {*_MAY_IMPORT, *_MAY_IMPORT_ANYTHING}

_DRIVERS = {"psycopg", "psycopg_pool"}
_MAY_HAVE_A_DATABASE = {"coordinator", "stack", *_MAY_IMPORT_ANYTHING}

# The one module of what is shipped that needs a test runner, which no installation has to have.
_TEST_RUNNERS = {"pytest", "_pytest"}
_MAY_RUN_TESTS = "coordinator_client.testing.plugin"

# The command line is the one part of the client library that needs more than gRPC, and nothing else of it needs that.
_OF_TERMINALS = {"click", "rich"}
_COMMAND_LINE = "coordinator_client.command_line"

_GRPC = {"grpc", "grpc_status", "google", "protos"}
_INPUT_AND_OUTPUT = {
    *(
        "asyncio",
        "concurrent",
        "glob",
        "http",
        "httpx",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "requests",
    ),
    *("select", "selectors", "shutil", "signal", "socket", "socketserver", "sqlite3", "ssl", "structlog"),
    *("subprocess", "sys", "tempfile", "threading", "urllib"),
}

# The coordinator from the ground up; a module may import its own layer and those before it.
_LAYERS: tuple[set[str], ...] = (
    {"__init__", "errors"},
    {
        *("domain", "upload_domain", "listen_domain", "admin_domain", "ids", "clocks", "marks", "settings", "logs"),
        *("memory", "queue_limits", "queue_turns", "tallies"),
    },
    {"database", "queries", "copy_rows", "spool", "migrations"},
    {"store"},
    {
        *(
            "access",
            "announcer",
            "background",
            "batch_claims",
            "claim_streams",
            "commit_gate",
            "counting",
            "dispatcher",
            "job_watches",
            "limit_keeper",
            "maintenance",
            "read_gate",
            "reaper",
        ),
        *("sessions", "settling", "statuses", "unpacking", "wakeups", "wire", "witness"),
    },
    {"services", "interceptors"},
    {"server"},
    {"serving", "hosting"},
    {"__main__"},
)
_LAYER_OF = {module: number for number, layer in enumerate(_LAYERS) for module in layer}


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement's one module; both names are dotted and whole."""

    place: str
    importer: str
    imported: str
    when_loaded: bool

    @property
    def importing_package(self) -> str:
        return self.importer.partition(".")[0]

    @property
    def imported_package(self) -> str:
        return self.imported.partition(".")[0]

    def breach(self, reason: str) -> str:
        return f"{self.place}: {self.importer} must not import {self.imported}: {reason}"


def _read_imports(root: Path) -> list[Import]:
    """Reads every import of ours, those inside functions too."""
    paths = {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
        for package in _OURS
        for path in sorted((root / package).rglob("*.py"))
    }
    return [
        Import(f"{path.relative_to(root)}:{statement.lineno}", importer, imported, when_loaded)
        for importer, path in paths.items()
        for statement, when_loaded in _statements(ast.parse(path.read_bytes(), path))
        for imported in _imported(statement, importer, path.name == "__init__.py", paths)
    ]


def _statements(node: ast.AST, when_loaded: bool = True) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Finds import statements, and whether they run when their module is loaded."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, when_loaded
        else:
            later = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) or (
                isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            )
            yield from _statements(child, when_loaded and not later)


def _imported(
    statement: ast.Import | ast.ImportFrom, importer: str, is_package: bool, modules: Mapping[str, Path]
) -> list[str]:
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    source = statement.module or ""
    if statement.level:
        parents = importer.split(".")
        here = parents[: len(parents) - statement.level + is_package]
        source = ".".join([*here, source]).rstrip(".")
    names = [f"{source}.{alias.name}" for alias in statement.names]
    return list(dict.fromkeys(name if name in modules else source for name in names))


def _strangers(found: Import) -> Iterator[str]:
    allowed = _MAY_IMPORT.get(found.importing_package, _OURS) | {found.importing_package}
    if found.imported_package in _OURS - allowed:
        yield found.breach("processes meet only in protos and coordinator_client")


def _databases(found: Import) -> Iterator[str]:
    if found.imported_package in _DRIVERS and found.importing_package not in _MAY_HAVE_A_DATABASE:
        yield found.breach("only the coordinator has a database")


def _test_runners(found: Import) -> Iterator[str]:
    if (
        found.imported_package in _TEST_RUNNERS
        and found.importer != _MAY_RUN_TESTS
        and found.importing_package not in _MAY_IMPORT_ANYTHING
    ):
        yield found.breach(f"only {_MAY_RUN_TESTS} needs a test runner")


def _terminals(found: Import) -> Iterator[str]:
    """What other people's programs import of the client library runs where the extra `cli` is not installed."""
    if found.importing_package != "coordinator_client" or found.importer.startswith(_COMMAND_LINE):
        return
    if found.imported_package in _OF_TERMINALS or found.imported.startswith(_COMMAND_LINE):
        yield found.breach(f"only {_COMMAND_LINE} is for terminals")


def _impurities(found: Import) -> Iterator[str]:
    if found.importing_package == "export_formats" and found.imported_package in _GRPC | _INPUT_AND_OUTPUT:
        yield found.breach("export_formats is pure")


def _layers(found: Import) -> Iterator[str]:
    """The coordinator's layers, which run one way and speak gRPC from the wire upwards alone."""
    if found.importing_package != "coordinator":
        return
    layer = _layer(found.importer)
    if found.imported_package in _GRPC and layer < _LAYER_OF["wire"]:
        yield found.breach("what lies below the wire knows nothing of gRPC")
    elif found.imported_package == "coordinator" and _layer(found.imported) > layer:
        yield found.breach("layers run one way")


def _layer(module: str) -> int:
    """The number of a coordinator module's layer; one without a layer is reported by itself."""
    return _LAYER_OF.get([*module.split("."), "__init__"][1], len(_LAYERS))


def _homeless(root: Path) -> Iterator[str]:
    coordinator = root / "coordinator"
    modules = {path.relative_to(coordinator).parts[0] for path in coordinator.rglob("*.py")}
    for module in sorted(modules):
        name = module.removesuffix(".py")
        if name not in _LAYER_OF:
            yield f"coordinator/{module}:1: say in which layer coordinator.{name} lives"


def _cycles(imports: list[Import]) -> Iterator[str]:
    """The first cycle among modules that load one another."""
    loaded = [found for found in imports if found.when_loaded and found.imported != found.importer]
    graph = TopologicalSorter[str]()
    for found in loaded:
        graph.add(found.importer, found.imported)
    try:
        graph.prepare()
    except CycleError as error:
        ring = error.args[1][::-1]  # it names each module before those that import it
        first = next(found for found in loaded if [found.importer, found.imported] == ring[:2])
        yield first.breach("a cycle, " + " → ".join(ring))


def find_breaches(root: Path) -> list[str]:
    """Returns every breach of a rule below a folder that is laid out like this repository."""
    imports = _read_imports(root)
    rules = (_strangers, _databases, _test_runners, _terminals, _impurities, _layers)
    breaches = {breach for found in imports for rule in rules for breach in rule(found)}
    return [*sorted(breaches), *_homeless(root), *_cycles(imports)]


def test_the_source_keeps_the_rules() -> None:
    breaches = find_breaches(_REPOSITORY)
    assert not breaches, "\n" + "\n".join(breaches)


def test_every_package_that_is_shipped_has_a_rule() -> None:
    settings = tomllib.loads((_REPOSITORY / "pyproject.toml").read_text())
    assert set(settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == set(_MAY_IMPORT)


def _write(root: Path, sources: Mapping[str, str]) -> Path:
    for name, source in sources.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return root


@pytest.mark.parametrize(
    ("path", "source", "breach"),
    [
        ("gateway/app.py", "import coordinator.errors", "gateway.app must not import coordinator.errors"),
        ("stack/run.py", "from gateway import app", "stack.run must not import gateway"),
        ("coordinator/server.py", "import coordinator_client", "coordinator.server must not import"),
        ("coordinator/wire.py", "from export_formats import plays", "coordinator.wire must not import"),
        (
            "coordinator_client/call.py",
            "import pytest",
            "must not import pytest: only coordinator_client.testing.plugin",
        ),
        ("coordinator_client/testing/plugin.py", "import stack.scratch", "must not import stack.scratch: processes"),
        ("coordinator_client/call.py", "import click", "must not import click: only coordinator_client.command_line"),
        (
            "coordinator_client/call.py",
            "from coordinator_client.command_line import X",
            "command_line is for terminals",
        ),
        ("coordinator_client/call.py", "import export_formats", "coordinator_client.call must not import"),
        ("export_formats/plays.py", "import stack", "export_formats.plays must not import stack"),
        ("gateway/app.py", "def app():\n import psycopg", "gateway.app must not import psycopg: only"),
        ("coordinator_client/pool.py", "from psycopg_pool import X", "must not import psycopg_pool"),
        ("export_formats/plays.py", "import os.path", "export_formats.plays must not import os.path"),
        ("export_formats/plays.py", "from google.protobuf import message", "must not import google.protobuf"),
        ("coordinator/domain.py", "import grpc", "coordinator.domain must not import grpc: what lies below"),
        ("coordinator/store/jobs.py", "import protos.jobs", "coordinator.store.jobs must not import protos"),
        ("coordinator/errors.py", "from . import domain", "coordinator.errors must not import coordinator"),
        ("coordinator/store/jobs.py", "from coordinator.services.jobs import X", "layers run one way"),
        ("coordinator/store/jobs.py", "from ..dispatcher import X", "import coordinator.dispatcher: layers"),
        ("coordinator/store/__init__.py", "from ..server import X", "import coordinator.server: layers"),
    ],
)
def test_a_breach_is_named_with_its_line(tmp_path: Path, path: str, source: str, breach: str) -> None:
    _write(tmp_path, {"coordinator/domain.py": "", path: f'"""A docstring."""\n{source}\n'})
    line = 2 + source.count("\n")
    assert [found for found in find_breaches(tmp_path) if f"{path}:{line}: " in found and breach in found]


def test_a_coordinator_module_without_a_layer_is_asked_for_one(tmp_path: Path) -> None:
    _write(tmp_path, {"coordinator/errors.py": "", "coordinator/novelty.py": "", "coordinator/news/x.py": ""})
    assert find_breaches(tmp_path) == [
        "coordinator/news:1: say in which layer coordinator.news lives",
        "coordinator/novelty.py:1: say in which layer coordinator.novelty lives",
    ]


@pytest.mark.parametrize("way", ["import gateway.b", "from gateway import b", "from .b import X", "from . import b"])
def test_modules_that_load_one_another_are_named(tmp_path: Path, way: str) -> None:
    _write(
        tmp_path,
        {"gateway/a.py": way, "gateway/b.py": "import gateway.c", "gateway/c.py": "import gateway.a"},
    )
    (breach,) = find_breaches(tmp_path)
    assert breach.count(" → ") == 3


def test_what_the_rules_allow_is_no_breach(tmp_path: Path) -> None:
    sources = {
        "coordinator_client/command_line/program.py": "import click, rich.text, coordinator_client.operator",
        "coordinator_client/testing/plugin.py": "import pytest",
        "gateway/a.py": "from protos.jobs.v1 import job_pb2\nimport coordinator_client, export_formats, os",
        "gateway/b.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n import gateway.c",
        "gateway/c.py": "import gateway.b\ndef later():\n import gateway.b",
        "coordinator/__main__.py": "from coordinator.server import serve",
        "coordinator/server.py": "from coordinator.services import jobs\nimport grpc",
        "coordinator/services/__init__.py": "",
        "coordinator/services/jobs.py": "from coordinator.store import jobs\nfrom .. import errors",
        "coordinator/store/jobs.py": "import psycopg\nfrom coordinator.errors import X\nfrom . import rows",
        "coordinator/store/rows.py": "",
        "coordinator/errors.py": "import enum",
        "tests/test_all.py": "import coordinator, gateway, psycopg, stack",
    }
    assert find_breaches(_write(tmp_path, sources)) == []
