"""`python -m meshui.demo`: starts, shows, breaks and stops the embedded mesh."""

from __future__ import annotations

import argparse
import asyncio
import sys

from meshui.demo import layout as layouts
from meshui.demo.supervisor import commands, run


def main(arguments: list[str] | None = None) -> int:
    """The exit code."""
    options = _parser().parse_args(arguments)
    try:
        layout = layouts.load()
        match options.command:
            case "status":
                return commands.status(layout)
            case "down":
                return commands.down(layout)
            case "fault":
                return commands.fault(layout, options.name, clear=options.clear)
        mesh_only, prometheus = options.only == "mesh", "prometheus" not in options.without
        return asyncio.run(run.up(layout, mesh_only=mesh_only, prometheus=prometheus, as_json=options.json))
    except (layouts.LayoutError, commands.NotRunningError) as problem:
        print(f"meshui.demo: {problem}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m meshui.demo", description=__doc__)
    verbs = parser.add_subparsers(dest="command", required=True)
    up = verbs.add_parser("up", help="start everything and stay until Ctrl-C")
    up.add_argument("--only", choices=["mesh"], help="the mesh without MeshUI and Valkey")
    up.add_argument(
        "--without", choices=["prometheus"], action="append", default=[], help="leave a part to somebody else"
    )
    up.add_argument("--json", action="store_true", help="print the addresses as JSON when ready")
    verbs.add_parser("status", help="processes, their state and memory")
    verbs.add_parser("down", help="stop the demo of this state folder")
    fault = verbs.add_parser("fault", help="break something; without a name: list what can be broken")
    fault.add_argument("name", nargs="?", default="")
    fault.add_argument("--clear", action="store_true", help="put it right again; without a name: everything")
    return parser


if __name__ == "__main__":
    sys.exit(main())
