"""A view of the graph for other programs: GraphML (yEd, Gephi, NetworkX) and DOT (Graphviz).

Both carry the same attributes: who a node is, its health with the reason, and the numbers of an edge.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from xml.etree import ElementTree

import msgspec

from meshui.domain.graph.model import Box, Edge, GraphView, Node

Value = str | float | None

_GRAPHML: Final = "http://graphml.graphdrawing.org/xmlns"
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write."""
_COLOURS: Final = {"healthy": "#2f9e6e", "degraded": "#b7791f", "failing": "#d64550"}


class Format(msgspec.Struct, frozen=True):
    """A way to write a view down."""

    media_type: str
    extension: str
    write: Callable[[GraphView], str]


def graphml(view: GraphView) -> str:
    """The view as GraphML; a value that isn't known is left out."""
    root = ElementTree.Element("graphml", xmlns=_GRAPHML)
    kinds: dict[tuple[str, str], str] = {}
    for element, attributes in [("node", _of_node(node)) for node in view.nodes] + [
        ("edge", _of_edge(edge)) for edge in view.edges
    ]:
        for name, value in attributes.items():
            if value is not None:
                kinds.setdefault((element, name), "string" if isinstance(value, str) else "double")
    for (element, name), kind in kinds.items():
        key = {"id": f"{element}.{name}", "for": element, "attr.name": name, "attr.type": kind}
        ElementTree.SubElement(root, "key", key)
    graph = ElementTree.SubElement(root, "graph", id=_xml(view.cluster), edgedefault="directed")
    for node in view.nodes:
        _data(ElementTree.SubElement(graph, "node", id=_xml(node.id)), _of_node(node))
    for edge in view.edges:
        ends = {"id": _xml(edge.id), "source": _xml(edge.source), "target": _xml(edge.destination)}
        _data(ElementTree.SubElement(graph, "edge", ends), _of_edge(edge))
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def dot(view: GraphView) -> str:
    """The view as a Graphviz digraph: boxes are clusters, an edge's label is its rate and share of errors."""
    lines = [
        f"digraph {_quoted(view.cluster)} {{",
        "  rankdir=LR;",
        '  node [shape=box, style=rounded, fontname="sans-serif"];',
        '  edge [fontname="sans-serif", fontsize=10];',
    ]
    for box in (box for box in view.boxes if box.parent is None):
        lines += _cluster(view, box, "  ")
    lines += [_dot_node(node, "  ") for node in view.nodes if node.box is None]
    for edge in view.edges:
        attributes = {
            "label": _rate_label(edge),
            "color": _COLOURS.get(edge.health.state, "#6b7280"),
            "style": "dashed" if edge.protocol == "tcp" else "solid",
            "tooltip": edge.health.reason,
        }
        lines.append(f"  {_quoted(edge.source)} -> {_quoted(edge.destination)} [{_attributes(attributes)}];")
    return "\n".join([*lines, "}", ""])


FORMATS: Final = {
    "graphml": Format("application/graphml+xml", "graphml", graphml),
    "dot": Format("text/vnd.graphviz", "dot", dot),
    "json": Format("application/json", "json", lambda view: msgspec.json.encode(view).decode()),
}


def _of_node(node: Node) -> dict[str, Value]:
    return {
        "label": node.label,
        "kind": node.kind,
        "cluster": node.cluster,
        "namespace": node.namespace,
        "name": node.name,
        "app": node.app,
        "version": node.version,
        "health": node.health.state,
        "health_reason": node.health.reason,
        "inbound_rps": node.inbound.rate,
        "inbound_error_share": node.inbound.error_share,
        "inbound_p95_ms": node.inbound.p95_ms,
        "outbound_rps": node.outbound.rate,
        "badges": ", ".join(badge.name for badge in node.badges) or None,
    }


def _of_edge(edge: Edge) -> dict[str, Value]:
    return {
        "protocol": edge.protocol,
        "reporter": edge.reporter,
        "rps": edge.rate,
        "error_share": edge.error_share,
        "p50_ms": edge.p50_ms,
        "p90_ms": edge.p90_ms,
        "p95_ms": edge.p95_ms,
        "p99_ms": edge.p99_ms,
        "sent_bytes_per_second": edge.sent_bytes_rate,
        "received_bytes_per_second": edge.received_bytes_rate,
        "health": edge.health.state,
        "health_reason": edge.health.reason,
        "mtls_share": edge.mtls.observed_share,
        "authorization": edge.authz.verdict,
        "denied_rps": edge.authz.denied_rate,
    }


def _data(parent: ElementTree.Element, attributes: dict[str, Value]) -> None:
    for name, value in attributes.items():
        if value is not None:
            data = ElementTree.SubElement(parent, "data", key=f"{parent.tag}.{name}")
            data.text = _xml(value) if isinstance(value, str) else repr(float(value))


def _xml(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _cluster(view: GraphView, box: Box, indent: str) -> list[str]:
    lines = [f"{indent}subgraph {_quoted(f'cluster_{box.id}')} {{", f"{indent}  label={_quoted(box.label)};"]
    for inner in (inner for inner in view.boxes if inner.parent == box.id):
        lines += _cluster(view, inner, f"{indent}  ")
    lines += [_dot_node(node, f"{indent}  ") for node in view.nodes if node.box == box.id]
    return [*lines, f"{indent}}}"]


def _dot_node(node: Node, indent: str) -> str:
    attributes = {
        "label": node.label,
        "color": _COLOURS.get(node.health.state, "#6b7280"),
        "tooltip": node.health.reason,
    }
    return f"{indent}{_quoted(node.id)} [{_attributes(attributes)}];"


def _rate_label(edge: Edge) -> str:
    errors = f", {edge.error_share:.1%} errors" if edge.error_share else ""
    return f"{edge.rate:.2f}/s{errors}"


def _attributes(attributes: dict[str, str]) -> str:
    return ", ".join(f"{name}={_quoted(value)}" for name, value in attributes.items())


def _quoted(text: str) -> str:
    r"""A DOT string: quotes escaped, backslashes doubled (Graphviz reads `\n` and `\N` in labels), on one line."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ").replace("\0", "") + '"'
