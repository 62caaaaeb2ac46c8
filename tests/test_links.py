"""Every relative link of every page leads to a file of a clone, and to an existing heading."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.helpers.project import PROJECT

# Pages of their own beside ours, and what tools write at the root.
_NOT_OURS = (".venv", ".cache", ".git", "runs", "build", "dist", "node_modules")

_FENCED = re.compile(r"^(?P<fence>```+|~~~+).*?^(?P=fence)\s*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
# [text](target "title"), ![image](target); and [name]: target.
_INLINE = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_REFERENCE = re.compile(r"^\[[^\]]+\]:\s*<?([^\s>]+)", re.MULTILINE)
_TAG = re.compile(r"<(?:a|img)\b[^>]*\b(?:href|src)=\"([^\"]+)\"")
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*\s*$", re.MULTILINE)
_ANCHOR = re.compile(r"<a\b[^>]*\b(?:id|name)=\"([^\"]+)\"")
_ELSEWHERE = re.compile(r"^(?:[a-z][a-z0-9+.-]*:|//)", re.IGNORECASE)
# A page or a file of ours, named by its path from the root.
_NAMED_FILE = re.compile(
    r"(?<![\w./-])((?:docs|recipes|tfds_builders|components|pipeline|serving|tools)/[\w./-]*\.(?:md|yaml|py|sh))\b"
)
_NAMED_PAGE = re.compile(r"(?<![\w./-])(docs/[\w./-]+\.md)\b")
_COMMENT = re.compile(r"^\s*#(.*)$", re.MULTILINE)


def clone() -> set[str]:
    """Returns the files of a clone, by their paths from the root; without git, as in an unpacked archive, all files."""
    if (PROJECT / ".git").exists() and shutil.which("git"):
        command = ["git", "ls-files", "-z"]
        listed = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False).stdout.split("\0")
        if "README.md" in listed:
            return set(filter(None, listed))
    found = (path.relative_to(PROJECT) for path in PROJECT.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if path.parts[0] not in _NOT_OURS}


FILES = clone()
FOLDERS = {parent.as_posix() for file in FILES for parent in Path(file).parents}
PAGES = sorted(file for file in FILES if file.endswith(".md"))
RECIPES = sorted(file for file in FILES if file.startswith("recipes/") or file == "pipeline_config.yaml")


def links(text: str) -> Iterator[str]:
    """Returns the targets of a page's links, except those in code."""
    text = _CODE.sub("", _FENCED.sub("", text))
    for pattern in (_INLINE, _REFERENCE, _TAG):
        yield from pattern.findall(text)


def anchors(text: str) -> set[str]:
    """Returns the anchors of a page: its headings as GitHub names them, and explicit ones."""
    text = _FENCED.sub("", text)
    found: set[str] = set()
    for heading in _HEADING.findall(text):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        repeated = (f"{name}-{number}" for number in range(1, 100))
        found.add(name if name not in found else next(again for again in repeated if again not in found))
    return found | set(_ANCHOR.findall(text))


def dead(page: str, text: str, files: set[str], folders: set[str]) -> list[str]:
    """Returns the relative links of a page that lead to no file of a clone or to no heading."""
    return [link for link in links(text) if not _ELSEWHERE.match(link) and not _leads_there(page, link, files, folders)]


def _leads_there(page: str, link: str, files: set[str], folders: set[str]) -> bool:
    path, _, anchor = unquote(link).partition("#")
    # As text: a link out of the clone leads nowhere if there is only the clone.
    target = (PROJECT / Path(page).parent / path).resolve() if path else PROJECT / page
    if not target.is_relative_to(PROJECT):
        return False
    name = target.relative_to(PROJECT).as_posix()
    if not anchor or not name.endswith(".md"):
        return name in files or name in folders
    return name in files and anchor in anchors((PROJECT / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_is_a_file_of_the_clone(page: str) -> None:
    assert dead(page, (PROJECT / page).read_text(encoding="utf-8"), FILES, FOLDERS) == []


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_file_that_a_recipes_comment_names_is_there(recipe: str) -> None:
    comments = " ".join(_COMMENT.findall((PROJECT / recipe).read_text(encoding="utf-8")))
    assert [file for file in _NAMED_FILE.findall(comments) if file not in FILES] == []


def test_every_page_that_the_code_names_is_there() -> None:
    named = {
        (file, page)
        for file in FILES
        if file.endswith((".py", ".sh", ".jinja", ".html")) and file != "tests/test_links.py"
        for page in _NAMED_PAGE.findall((PROJECT / file).read_text(encoding="utf-8"))
    }
    assert named
    assert {(file, page) for file, page in named if page not in FILES} == set()


def test_pages_and_recipes_are_found() -> None:
    assert {"README.md", "CONTRIBUTING.md", "docs/operating.md"} <= set(PAGES)
    assert {"recipes/cnn_utkface.yaml", "pipeline_config.yaml"} <= set(RECIPES)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[a](README.md) [b](docs/operating.md#exit-codes) [c](docs) [d](#figures)", []),
        ("[a](https://example.org/x) [b](mailto:a@b.c) `[c](nowhere.md)`", []),
        ("```\n[a](nowhere.md)\n```", []),
        ("[a](nowhere.md)", ["nowhere.md"]),
        ("![a](docs/nothing.png)", ["docs/nothing.png"]),
        ('[a](nowhere.md "title")', ["nowhere.md"]),
        ('<img src="nothing.png">', ["nothing.png"]),
        ("[a]: nowhere.md", ["nowhere.md"]),
        ("[a](README.md#no-such-heading)", ["README.md#no-such-heading"]),
        ("[a](#no-such-heading)", ["#no-such-heading"]),
        # There, but in no clone: git does not list what it ignores.
        ("[a](.venv)", [".venv"]),
        ("[a](../README.md)", ["../README.md"]),
    ],
)
def test_a_dead_link_is_found_and_a_good_one_is_not(text: str, found: list[str]) -> None:
    assert dead("README.md", text, FILES, FOLDERS) == found


def test_headings_are_named_as_github_names_them() -> None:
    assert anchors('# The gate\n## `a_b`: c, d\n## The gate\n```\n# no\n```\n<a id="own"></a>\n## [Q](x.md) & A') == {
        "the-gate",
        "a_b-c-d",
        "the-gate-1",
        "own",
        "q--a",
    }
