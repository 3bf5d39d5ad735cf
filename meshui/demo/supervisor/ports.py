"""Which of the demo's addresses are taken before it starts."""

from __future__ import annotations

import errno
import socket
from collections.abc import Collection

from meshui.demo.layout import ADMIN_PORT, HOST, Layout


class AddressTakenError(Exception):
    """The message names the part, the number and the variable that moves it."""


def check(layout: Layout, unused: Collection[str] = ()) -> None:
    """Raises AddressTakenError for the first address that something else listens on; the variables in `unused` name
    ports that this run does without."""
    for port, (label, variable) in layout.ports.items():
        if variable not in unused and _taken(HOST, port):
            raise AddressTakenError(
                f"port {port} ({label}, {variable}) is in use; stop what listens there, or set {variable} to another"
            )
    for pod in layout.pods:
        port = ADMIN_PORT if pod.has_proxy else pod.app_port
        if _taken(pod.ip, port):
            raise AddressTakenError(
                f"{pod.ip}:{port} (the mesh's addresses, MESHUI_DEMO_NETWORK={layout.network}) is in use; "
                "stop the demo that runs there or set MESHUI_DEMO_NETWORK to another number from 1 to 254"
            )


def _taken(address: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
            raise AddressTakenError(f"{address}:{port} can't be listened on: {error.strerror}") from error
    return False
