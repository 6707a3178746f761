"""The images: each has what its process imports, of our code and of other people's, and none runs as root."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
from itertools import chain
from pathlib import Path
from typing import Any, TypeGuard

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = {"coordinator": "coordinator", "gateway": "gateway", "ingest_worker": "ingest-worker"}
TARGETS = (*EXTRAS, "compose_secrets")

# What no image runs, though it stands in a package that it has: what developers run, and the command line.
UNUSED = {
    ROOT / "protos/generate.py",
    ROOT / "coordinator_client/testing/plugin.py",
    *(ROOT / "coordinator_client/command_line").rglob("*.py"),
}


def stages() -> dict[str, list[str]]:
    """The Dockerfile's stages by name: their instructions, after those of the stage that each is built on."""
    text = re.sub(r"\\\n\s*", " ", (ROOT / "deploy/images/Dockerfile").read_text())
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if match := re.fullmatch(r"FROM (\S+) AS (\w+)", line):
            lines = found[match[2]] = list(found.get(match[1], []))
        elif line and not line.startswith("#"):
            lines.append(line)
    return found


def copied(stage: str) -> set[str]:
    """What a stage copies out of the checkout."""
    copies = [line.split()[1:-1] for line in stages()[stage] if line.startswith("COPY ")]
    return {source for source in chain(*copies) if (ROOT / source).exists()}


def modules(source: str) -> Iterator[Path]:
    path = ROOT / source
    yield from (found for found in (path.rglob("*.py") if path.is_dir() else [path]) if found not in UNUSED)


def imports_of(module: Path) -> set[str]:
    """The top names that a module imports, wherever in it, or reads by `files("name")`."""
    nodes = list(ast.walk(ast.parse(module.read_text())))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    names |= {ast.literal_eval(node.args[0]) for node in nodes if is_call_of_files(node)}
    return {name.partition(".")[0] for name in names}


def is_call_of_files(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "files"


def imports_in(stage: str) -> set[str]:
    sources = [source for source in copied(stage) if source.endswith(".py") or (ROOT / source).is_dir()]
    return (
        set(chain(*(imports_of(module) for source in sources for module in modules(source)))) - sys.stdlib_module_names
    )


def locked(name: str) -> dict[str, str]:
    """The entries of a lock by package, as they stand there: version, marker and hashes."""
    entries = re.split(r"^(?=\S)", (ROOT / name).read_text(), flags=re.MULTILINE)
    return {canonicalize_name(entry.partition("==")[0]): entry.strip() for entry in entries if "==" in entry}


def without_marker(entry: str) -> str:
    """Where the whole lock needs a package on more systems than this one, that is no difference."""
    return re.sub(r" ; [^\\]*", " ", entry)


def applies(requirement: Requirement, extras: set[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))


def brought(name: str, extras: set[str]) -> set[str]:
    """What a package brings on this machine: what it needs and what that needs, by what the installed ones say."""
    needed = [found for text in requires(name) or [] if applies(found := Requirement(text), extras)]
    return {canonicalize_name(name)}.union(*(brought(one.name, one.extras) for one in needed))


def extra_brings(extra: str) -> set[str]:
    named = [Requirement(text) for text in PROJECT["dependencies"] + PROJECT["optional-dependencies"][extra]]
    return set().union(*(brought(one.name, one.extras) for one in named if applies(one, set())))


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_runs_as_a_user_who_is_not_root(target: str) -> None:
    users = [line for line in stages()[target] if line.startswith("USER ")]
    assert users == ["USER 10001:10001"]


@pytest.mark.parametrize("target", EXTRAS)
def test_an_image_has_those_of_our_packages_that_its_process_imports(target: str) -> None:
    ours = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert {source for source in copied(target) if source in ours} == imports_in(target) & ours | {target}


@pytest.mark.parametrize(("target", "extra"), EXTRAS.items())
def test_an_images_lock_has_every_library_that_its_process_imports(target: str, extra: str) -> None:
    distributions = packages_distributions()
    libraries = imports_in(target) - {path.parent.name for path in ROOT.glob("*/__init__.py")}
    lock = locked(f"deploy/images/locks/{extra}.lock")
    assert [
        name for name in libraries if not {canonicalize_name(one) for one in distributions[name]} & lock.keys()
    ] == []


@pytest.mark.parametrize("extra", EXTRAS.values())
def test_an_images_lock_has_what_its_extra_brings_and_no_more(extra: str) -> None:
    lock = locked(f"deploy/images/locks/{extra}.lock")
    applying = {name for name, entry in lock.items() if applies(Requirement(entry.partition(" \\")[0]), set())}
    assert applying == extra_brings(extra), "run `make lock`"


@pytest.mark.parametrize("extra", EXTRAS.values())
def test_an_images_lock_agrees_with_the_whole_lock(extra: str) -> None:
    whole, lock = locked("requirements.lock"), locked(f"deploy/images/locks/{extra}.lock")
    differing = [name for name, entry in lock.items() if without_marker(entry) != without_marker(whole[name])]
    assert differing == [], "run `make lock`"


def test_what_the_images_copy_is_let_into_their_builds_and_nothing_else() -> None:
    let_in = [Path(line[1:]) for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    wanted = [Path(source) for source in set().union(*map(copied, stages()))]
    assert [source for source in wanted if not any(source.is_relative_to(path) for path in let_in)] == []
    assert [path for path in let_in if not any(source.is_relative_to(path) for source in wanted)] == []
