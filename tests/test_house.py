"""The rules of the house: who imports whom, plain tables, short files, nothing of one machine kept."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.servers import PROGRAMS

ROOT = Path(__file__).parents[1]
PACKAGES = ("probes", "dashboard", "seeds")
TABLES = {
    "SERVICES": "probes/services/__init__.py",
    "JOINS": "probes/joins/__init__.py",
    "HISTORIES": "probes/history/__init__.py",
    "PANELS": "dashboard/panels/__init__.py",
}
LONGEST = 400
CODE = {".py", ".js", ".css", ".html", ".jinja", ".sh"}

# Written so that this file does not hold what it looks for.
OF_ONE_MACHINE = re.compile(r"(?<![\w.~-])/(?:hom[e]/\w|roo[t]/|User[s]/\w|wor[k]/)")
OF_ONE_INDEX = re.compile(
    r"pyp[i]\.org|pythonhoste[d]|^\s*--?(?:extra-)?inde[x]-url|^\s*--find-link[s]", re.MULTILINE
)


def tracked() -> list[Path]:
    """The files in git that are there, whoever owns the clone."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("needs git and a clone: the rule is about tracked files")
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [path for name in names.split("\0") if name and (path := ROOT / name).is_file()]


def modules() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_packages_import_only_what_they_may() -> None:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 kept, 0 broken" in done.stdout


def test_files_can_be_read_in_one_sitting() -> None:
    lines = {named(p): p.read_text("utf-8").count("\n") for p in tracked() if p.suffix in CODE}
    assert {name: count for name, count in lines.items() if count > LONGEST} == {}


@pytest.mark.parametrize("pattern", [OF_ONE_MACHINE, OF_ONE_INDEX], ids=["path", "index"])
def test_nothing_of_one_machine_is_kept(pattern: re.Pattern[str]) -> None:
    found = {
        named(path): match.group()
        for path in tracked()
        if (match := pattern.search(path.read_text("utf-8", "replace")))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        ("cd /hom" + "e/ann/roomwatch", OF_ONE_MACHINE),
        ("# via -c /roo" + "t/x/requirements.lock", OF_ONE_MACHINE),
        ("--inde" + "x-url https://example.org/simple", OF_ONE_INDEX),
        ("    # from https://pyp" + "i.org/simple", OF_ONE_INDEX),
    ],
)
def test_what_must_not_be_kept_would_be_found(line: str, pattern: re.Pattern[str]) -> None:
    assert pattern.search(f"first line\n{line}\n")


def test_the_wheel_holds_every_package_and_no_tests() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wheel = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert set(wheel) == folders == set(PACKAGES)
    assert settings["tool"]["importlinter"]["root_packages"] == list(PACKAGES)


def test_every_dependency_is_locked_and_both_locks_agree() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = settings["optional-dependencies"]
    runtime, everything = (pins(ROOT / name) for name in ("requirements.lock", "requirements-dev.lock"))
    assert {bare(d) for d in settings["dependencies"] + extras["build"]} <= runtime.keys()
    assert {bare(d) for d in extras["dev"]} <= everything.keys()
    assert runtime.items() <= everything.items()


def pins(lock: Path) -> dict[str, str]:
    """The versions in a lock by name, each of them with at least one hash."""
    found = re.findall(
        r"^([a-z0-9-]+)==(\S+)[^\n]*\\\n    --hash=sha256:", lock.read_text("utf-8"), re.MULTILINE
    )
    assert len(found) == len(re.findall(r"^\w", lock.read_text("utf-8"), re.MULTILINE)), (
        f"{lock.name}: a line without a hash"
    )
    return dict(found)


def bare(requirement: str) -> str:
    """`dash[fastapi]>=4` is `dash`, as a lock spells it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement, maxsplit=1)[0]).lower()


@pytest.mark.parametrize("path", modules(), ids=named)
def test_a_module_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert not tree.body or ast.get_docstring(tree), "expected a docstring of one to four lines"


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_a_plain_literal(name: str) -> None:
    """Every entry is written out in one assignment: a text key, and a name or a call of names."""
    tree = ast.parse((ROOT / TABLES[name]).read_text("utf-8"))
    touched = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name]
    stored = [node for node in touched if isinstance(node.ctx, ast.Store)]
    assert len(stored) == 1, f"expected one assignment of {name}"
    table = next(
        s.value for s in tree.body if isinstance(s, ast.Assign | ast.AnnAssign) and stored[0] in ast.walk(s)
    )
    assert isinstance(table, ast.Dict)
    assert all(isinstance(key, ast.Constant) and isinstance(key.value, str) for key in table.keys)
    assert all(is_plain(value) for value in table.values)


def is_plain(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return is_plain(value.func) and not value.keywords and all(map(is_plain, value.args))
    return isinstance(value, ast.Name) or (isinstance(value, ast.Attribute) and is_plain(value.value))


def test_the_readme_names_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "make demo" in readme
    assert "make test" in readme


def test_the_servers_that_tests_require_are_installed_for_them() -> None:
    line = re.search(r"^\./apt (.*?)(?: \|\||$)", (ROOT / ".ci/servers").read_text("utf-8"), re.MULTILINE)
    assert line
    texts = [path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py")]
    required = {name for text in texts for name in re.findall(r'\b(?:require|libraries)\("(\w+)"\)', text)}
    assert {PROGRAMS[name].package for name in required & PROGRAMS.keys()} <= set(line[1].split())


@pytest.mark.parametrize("name", ["Makefile", ".ci/run", ".ci/apt", ".ci/servers", ".ci/venv"])
def test_the_commands_people_run_are_kept_with_their_right_to_run(name: str) -> None:
    path = ROOT / name
    assert path.is_file()
    assert name == "Makefile" or path.stat().st_mode & 0o111


def test_without_a_python_that_is_new_enough_it_says_what_is_needed(tmp_path: Path) -> None:
    command = [ROOT / ".ci/venv", tmp_path / "venv"]
    done = subprocess.run(
        command, env={**os.environ, "PYTHON": "no-such-python"}, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr
    assert list(tmp_path.iterdir()) == []
