"""`python -m meshui.demo.controlplane`: runs the control plane against the demo's Kubernetes API."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
from datetime import timedelta

from meshui.demo import layout
from meshui.demo.controlplane.app import Settings, run

TOKEN_VARIABLE = "MESHUI_DEMO_CONTROLPLANE_TOKEN"
LIFETIME_VARIABLE = "MESHUI_DEMO_CERTIFICATE_SECONDS"


def main() -> None:
    place = layout.load()
    parser = argparse.ArgumentParser(prog="python -m meshui.demo.controlplane", description=__doc__)
    parser.add_argument("--kubernetes-url", default=place.kubernetes_url)
    parser.add_argument("--token", default=os.environ.get(TOKEN_VARIABLE, "demo-admin"), help=f"or {TOKEN_VARIABLE}")
    parser.add_argument(
        "--certificate-seconds",
        type=float,
        default=os.environ.get(LIFETIME_VARIABLE, "900"),
        help=f"life of a workload's certificate, which is renewed at half of it; or {LIFETIME_VARIABLE}",
    )
    arguments = parser.parse_args()
    if arguments.certificate_seconds < 2:
        parser.error(f"--certificate-seconds ({LIFETIME_VARIABLE}) must be 2 or more")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = Settings(
        state=place.state,
        kubernetes_url=arguments.kubernetes_url,
        token=arguments.token,
        debug_address=place.istiod_address,
        debug_port=layout.CONTROL_PLANE_DEBUG_PORT,
        certificate_lifetime=timedelta(seconds=arguments.certificate_seconds),
    )
    asyncio.run(_until_stopped(settings))


async def _until_stopped(settings: Settings) -> None:
    task = asyncio.ensure_future(run(settings))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        logging.getLogger("meshui.demo.controlplane").info("stopped")


if __name__ == "__main__":
    main()
