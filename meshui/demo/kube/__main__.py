"""`python -m meshui.demo.kube --seed DIR`: serves the Kubernetes API until it is stopped."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import uvloop
import yaml

from meshui.demo.kube import certificate, discovery, listener
from meshui.demo.kube.app import Server
from meshui.demo.kube.objects import Objects
from meshui.demo.kube.schema import Object
from meshui.demo.kube.store import Store
from meshui.demo.kube.watch import BOOKMARK_SECONDS
from meshui.demo.kube.wire import load_yaml
from meshui.demo.layout import HOST, LayoutError, load

logger = logging.getLogger("meshui.demo.kube")


def read_manifests(folder: Path) -> Iterator[Object]:
    """Every manifest in the YAML files of a folder and below, in order of their names. `List`s are taken apart."""
    for path in sorted(folder.rglob("*.y*ml")):
        for manifest in load_yaml(path.read_text()):
            if manifest:
                yield from manifest["items"] if str(manifest.get("kind", "")).endswith("List") else [manifest]


def build(seed: list[Path], logs: Path, history: int = 4000, bookmark_seconds: float = BOOKMARK_SECONDS) -> Server:
    """A server that holds the definitions it serves and every manifest of the seed folders."""
    objects = Objects(Store(history))
    objects.seed([*_base(), *discovery.definitions()])
    for folder in seed:
        logger.info("%d objects from %s", objects.seed(read_manifests(folder)), folder)
    return Server(objects, logs, bookmark_seconds)


def _base() -> list[Object]:
    names = ("default", "kube-system")
    return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in names]


def main(arguments: list[str] | None = None) -> int:
    try:
        layout = load()
    except LayoutError as error:
        print(f"kubernetes API: {error}", file=sys.stderr)
        return 2
    parser = argparse.ArgumentParser(prog="python -m meshui.demo.kube", description=__doc__)
    parser.add_argument("--port", type=int, default=layout.kubernetes_port, help="on 127.0.0.1 (%(default)s)")
    parser.add_argument("--seed", type=Path, action="append", default=[], help="folder of YAML manifests to start with")
    parser.add_argument("--logs", type=Path, default=layout.state / "logs", help="folder of the pods' logs")
    parser.add_argument(
        "--certificates", type=Path, default=layout.state / "kubernetes", help="folder of the server's certificate"
    )
    parser.add_argument("--history", type=int, default=4000, help="how many events a watch can go back")
    parser.add_argument("--bookmark-seconds", type=float, default=BOOKMARK_SECONDS, help="between a watch's bookmarks")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=os.environ.get("LOG_LEVEL", "INFO"), format="%(levelname)s %(name)s %(message)s")
    try:
        server = build(options.seed, options.logs, options.history, options.bookmark_seconds)
        tls = certificate.ensure(options.certificates)
    except (OSError, ValueError, yaml.YAMLError) as error:
        print(f"kubernetes API: {error}", file=sys.stderr)
        return 1
    try:
        listening = listener.bind(HOST, options.port)
    except OSError as error:
        moved = "MESHUI_DEMO_KUBERNETES_PORT moves it"
        print(f"kubernetes API: can't listen on {HOST}:{options.port} ({moved}): {error.strerror}", file=sys.stderr)
        return 1
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(listener.serve(server.app(), listening, tls, server.objects.store.close))
    return 0


if __name__ == "__main__":
    sys.exit(main())
