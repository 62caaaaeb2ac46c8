"""Valid names of folders that parts of the pipeline could misread as patterns or options."""

# In each, a glob pattern, a shell, a URL, a format string, rich's markup or HTML sees more than a name.
NAMES = (
    "r[1]",
    "r*",
    "r?",
    "r[!a]",
    "a b",
    " a ",
    'it\'s "quoted"',
    "~",
    "$HOME",
    "${x}",
    "100 %d",
    "a#b?c=d&e",
    "[bold]x",
    "<b>&amp;",
    "{{ x }} {y}",
    "back\\slash",
    "-rf",
    "größe, 北京, 🙂",
)

# Neighbours that NAMES would match, were they patterns.
NEIGHBOURS = ("r1", "ra", "r", "rb")
