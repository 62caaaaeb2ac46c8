"""Strings as ML Metadata can store them on PostgreSQL; the reverse for what it reads.

ML Metadata 1.16 and 1.21 put a string that has a backslash into their SQL in a way that is no SQL, and index the whole
value of each property, of which PostgreSQL takes 2,704 bytes.
"""

import re
from collections.abc import Callable, Iterator, MutableMapping, MutableSequence
from typing import Any

from google.protobuf.message import Message

# A private-use character begins what stands for a backslash, and for that character itself.
_ESCAPE = "\ue000"
_ESCAPED = {"\\": f"{_ESCAPE}b", _ESCAPE: f"{_ESCAPE}e"}
_UNESCAPED = {escaped: plain for plain, escaped in _ESCAPED.items()}
_TO_ESCAPE = re.compile("|".join(map(re.escape, _ESCAPED)))
_TO_UNESCAPE = re.compile("|".join(map(re.escape, _UNESCAPED)))
# Another begins the names of custom properties that hold the second and later parts of a long value.
_PART = "\ue001"
_PART_NAME = re.compile(f"{_PART}(properties|custom_properties) ([0-9]+) (.*)", re.DOTALL)
# Four bytes each at most.
_PART_CHARACTERS = 600


def encoded(message: Message) -> Message:
    """Returns a message that PostgreSQL can store.

    Args:
        message: a request of ML Metadata; it is not changed.
    """
    serialized = message.SerializeToString()
    escapes = b"\\" in serialized or _ESCAPE.encode() in serialized
    if not escapes and len(serialized) <= _PART_CHARACTERS:
        return message
    changed = type(message)()
    changed.CopyFrom(message)
    if escapes:
        _change_strings(changed, lambda text: _TO_ESCAPE.sub(lambda found: _ESCAPED[found[0]], text))
    for node in _nodes(changed):
        _split(node)
    return changed


def decode(message: Message) -> None:
    """Turns what ML Metadata read from PostgreSQL into what was written.

    Args:
        message: a response of ML Metadata, which is changed.
    """
    serialized = message.SerializeToString()
    if _PART.encode() in serialized:
        for node in _nodes(message):
            _join(node)
    if _ESCAPE.encode() in serialized:
        _change_strings(message, lambda text: _TO_UNESCAPE.sub(lambda found: _UNESCAPED[found[0]], text))


def _split(node: Any) -> None:
    """Moves what is too long in the properties of an execution, an artifact or a context into properties of its own."""
    for kind in ("properties", "custom_properties"):
        values = getattr(node, kind)
        for name in [name for name in values if len(values[name].string_value) > _PART_CHARACTERS]:
            text = values[name].string_value
            parts = [text[start : start + _PART_CHARACTERS] for start in range(0, len(text), _PART_CHARACTERS)]
            values[name].string_value = parts[0]
            for number, part in enumerate(parts[1:], start=1):
                node.custom_properties[f"{_PART}{kind} {number} {name}"].string_value = part


def _join(node: Any) -> None:
    found = [match for name in node.custom_properties if (match := _PART_NAME.fullmatch(name))]
    for match in sorted(found, key=lambda match: int(match[2])):
        getattr(node, match[1])[match[3]].string_value += node.custom_properties[match[0]].string_value
        del node.custom_properties[match[0]]


def _nodes(message: Message) -> Iterator[Message]:
    """Yields the executions, artifacts and contexts in a message."""
    if {"properties", "custom_properties"} <= set(message.DESCRIPTOR.fields_by_name):
        yield message
        return
    for _, value in message.ListFields():
        if isinstance(value, Message):
            yield from _nodes(value)
        elif isinstance(value, MutableSequence):
            for one in value:
                if isinstance(one, Message):
                    yield from _nodes(one)


def _change_strings(message: Message, change: Callable[[str], str]) -> None:
    """Changes each string in a message, also those of messages and maps in it; not the keys of maps."""
    for field, value in message.ListFields():
        if isinstance(value, Message):
            _change_strings(value, change)
        elif isinstance(value, str):
            setattr(message, field.name, change(value))
        elif isinstance(value, MutableMapping):
            for key in list(value):
                if isinstance(value[key], Message):
                    _change_strings(value[key], change)
                elif isinstance(value[key], str):
                    value[key] = change(value[key])
        elif isinstance(value, MutableSequence):
            for place, one in enumerate(value):
                if isinstance(one, Message):
                    _change_strings(one, change)
                elif isinstance(one, str):
                    value[place] = change(one)
