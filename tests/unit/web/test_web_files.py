"""The page's files obey the Content-Security-Policy they are served with, and fit together without a build step."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

_WEB = Path(__file__).parents[3] / "gateway" / "web"
_STATIC = _WEB / "static"
_PAGES = sorted(_WEB.glob("*.html"))
_MODULES = sorted(_STATIC.glob("*.js"))
_FILES = [*_PAGES, *sorted(_STATIC.iterdir())]

_IMPORT = re.compile(r"^import .*from '\./([a-z_]+\.js)';$", re.MULTILINE)
_EXPORT = re.compile(r"^export (?:async )?(?:function\*? |class |const )(\w+)", re.MULTILINE)
_NAMES = re.compile(r"^import \{ ([^}]+) \} from '\./([a-z_]+\.js)';$", re.MULTILINE)
_BY_ID = re.compile(r"byId\('([\w-]+)'\)")
_ID_MADE = re.compile(r"\bid: '([\w-]+)'")
_ADDRESS = re.compile(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", re.IGNORECASE)
_SVG_NAMESPACE = "http://www.w3.org/2000/svg"
# Each turns text into markup, code or a style attribute.
_DANGEROUS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|createContextualFragment"
    r"|setAttribute\('(?:style|on)|\bstyle: |javascript:"
)


class _Page(HTMLParser):
    """Gathers a page's tags, and the text inside of script and style."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.code = ""
        self._tag = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self._tag = tag

    def handle_endtag(self, tag: str) -> None:
        self._tag = ""

    def handle_data(self, data: str) -> None:
        if self._tag in {"script", "style"}:
            self.code += data.strip()

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.tags if "id" in attributes]

    @property
    def addresses(self) -> set[str]:
        return {value for _, attributes in self.tags for name, value in attributes.items() if name in {"src", "href"}}


def _reached_from(module: Path) -> set[Path]:
    reached = {module}
    waiting = [module]
    while waiting:
        for name in _IMPORT.findall(waiting.pop().read_text(encoding="utf-8")):
            if (imported := _STATIC / name) not in reached:
                reached.add(imported)
                waiting.append(imported)
    return reached


def _modules_of(page: _Page) -> set[Path]:
    sources = [attributes["src"] for tag, attributes in page.tags if tag == "script"]
    return set().union(*(_reached_from(_WEB / source.lstrip("/")) for source in sources))


@pytest.mark.parametrize("path", _PAGES, ids=lambda path: path.name)
def test_a_page_has_no_inline_code_and_no_inline_style(path: Path) -> None:
    page = _Page(path)

    inline = [name for _, attributes in page.tags for name in attributes if name == "style" or name.startswith("on")]

    assert (page.code, inline) == ("", [])


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.name)
def test_no_file_names_an_address_outside_of_our_origin(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace(_SVG_NAMESPACE, "")

    assert _ADDRESS.findall(text) == []


@pytest.mark.parametrize("path", _MODULES, ids=lambda path: path.name)
def test_a_module_never_turns_text_into_markup_or_code(path: Path) -> None:
    assert _DANGEROUS.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", _PAGES, ids=lambda path: path.name)
def test_every_static_file_a_page_asks_for_exists(path: Path) -> None:
    wanted = {address for address in _Page(path).addresses if address.startswith("/static/")}

    assert {address for address in wanted if not (_WEB / address.lstrip("/")).is_file()} == set()


@pytest.mark.parametrize("path", _MODULES, ids=lambda path: path.name)
def test_every_name_a_module_imports_is_exported(path: Path) -> None:
    missing = [
        f"{name} from {source}"
        for names, source in _NAMES.findall(path.read_text(encoding="utf-8"))
        for name in names.split(", ")
        if name not in _EXPORT.findall((_STATIC / source).read_text(encoding="utf-8"))
    ]

    assert missing == []


def test_every_module_is_reached_from_a_page() -> None:
    reached = set().union(*(_modules_of(_Page(path)) for path in _PAGES))

    assert reached == set(_MODULES)


@pytest.mark.parametrize("path", _PAGES, ids=lambda path: path.name)
def test_the_ids_a_pages_modules_look_for_are_there_once(path: Path) -> None:
    page = _Page(path)
    code = "".join(module.read_text(encoding="utf-8") for module in _modules_of(page))

    missing = set(_BY_ID.findall(code)) - set(page.ids) - set(_ID_MADE.findall(code))

    assert (missing, len(page.ids)) == (set(), len(set(page.ids)))
