"""Extracts the text that a person reads on an HTML page."""

import re
from html.parser import HTMLParser

# Words that Python writes where there is no number; "None." is a sentence of ours.
_NO_FIGURE = re.compile(r"\b(?:nan|NaN|inf|Infinity|None(?!\.)|null|undefined)\b")


# Elements without an end of their own.
_VOID = ("meta", "line", "rect", "img", "br")


class Page(HTMLParser):
    """Collects the text of a page, and the addresses of external resources."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.loaded: list[str] = []
        self.open_tags: list[str] = []
        self.attributes: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            self.open_tags.append(tag)
        self.attributes += [value for _, value in attributes if value and not value.startswith("data:")]
        # An address that begins with # is a place on the page.
        addresses = [value or "" for name, value in attributes if name in ("src", "href", "srcset", "data")]
        self.loaded += [address for address in addresses if not address.startswith(("#", "data:"))]
        if tag in ("script", "link", "iframe"):
            self.loaded.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open_tags.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def words_for_no_figure(self) -> list[str]:
        """Returns 'nan', 'inf', 'None' and similar words, anywhere in the text or in an attribute."""
        return _NO_FIGURE.findall(f"{self} {' '.join(self.attributes)}")

    def __str__(self) -> str:
        return " ".join(" ".join(self.text).split())
