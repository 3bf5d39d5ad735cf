"""At which line of an object's YAML a JSON path stands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
LARGEST = 1024 * 1024
"""Characters of YAML that are looked through; beyond, lines are not known."""
_STEP = re.compile(r"\[(\d+)\]|\.?([^.\[\]]+)")


def dump(manifest: Any) -> str:
    """The manifest as YAML, keys in the order that it has them."""
    text: str = yaml.dump(
        manifest, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=120
    )
    return text


def lines(text: str, paths: Iterable[str]) -> dict[str, int]:
    """The line, counted from 1, of each path; of one that is not there, the line of what is nearest above it. Empty for
    text that is too large or no YAML."""
    if len(text) > LARGEST:
        return {}
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError:
        return {}
    return {path: _line(root, path) for path in set(paths)}


def _line(root: Any, path: str) -> int:
    node, line = root, 1
    rest = path.removeprefix("$")
    while rest and node is not None:
        if isinstance(node, yaml.SequenceNode) and (match := _STEP.match(rest)) and match[1] is not None:
            index = int(match[1])
            node = node.value[index] if index < len(node.value) else None
            line = node.start_mark.line + 1 if node is not None else line
            rest = rest[match.end() :]
        elif isinstance(node, yaml.MappingNode):
            name = rest.removeprefix(".")
            # A key may have dots of its own: the longest that fits.
            fitting = [
                (key, value)
                for key, value in node.value
                if name == key.value or name.startswith((f"{key.value}.", f"{key.value}["))
            ]
            key, node = max(fitting, key=lambda pair: len(pair[0].value), default=(None, None))
            if key is not None:
                line = key.start_mark.line + 1
                rest = name[len(key.value) :]
        else:
            break
    return line
