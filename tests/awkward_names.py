"""Names that a folder may have, and that something in the pipeline could take for something else."""

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
