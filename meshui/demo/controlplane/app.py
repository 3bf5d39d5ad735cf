"""The running control plane: watches the Kubernetes API, recomputes shortly after a change, writes what changed,
rotates certificates, and tells of objects that it can't apply."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
from aiohttp import web

from meshui.demo.controlplane import ca
from meshui.demo.controlplane.acceptance import Acceptance
from meshui.demo.controlplane.debug import State, application
from meshui.demo.controlplane.manifests import Key, Manifest, UnusableError, key_of
from meshui.demo.controlplane.publish import ProxyFiles, Sent
from meshui.demo.controlplane.report import Reporter
from meshui.demo.controlplane.tls import SECRET, STRANGE_SECRET
from meshui.demo.controlplane.translate import translate
from meshui.demo.controlplane.watch import KINDS, Watcher
from meshui.demo.controlplane.world import CONFIG_KINDS, Pod, World
from meshui.demo.envoy.files import proxy_directory, write_atomically
from meshui.demo.layout import CERTIFICATE_FAULTS

log = logging.getLogger("meshui.demo.controlplane")
DEBOUNCE_SECONDS = 0.05
FAULT_POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Settings:
    """What a control plane is started with."""

    state: Path
    kubernetes_url: str
    token: str
    debug_address: str
    debug_port: int
    certificate_lifetime: timedelta


class Pusher:
    """Turns manifests into files. Without a network: the watcher feeds it, tests do so directly."""

    def __init__(self, state: Path, certificate_lifetime: timedelta) -> None:
        self._state = state
        self._lifetime = certificate_lifetime
        self._authority = ca.load_or_create(state / "ca")
        self._strange = ca.load_or_create(state / "ca", "strange")
        self._memory = state / "controlplane" / "last-good.json"
        self.acceptance = Acceptance(_read_memory(self._memory))
        self._files: dict[str, ProxyFiles] = {}
        self._rotations: dict[tuple[str, str], datetime] = {}
        self.pods: dict[str, Pod] = {}
        self.issued = 0
        self.errors = 0

    async def push(
        self, pods: Iterable[Manifest], services: Iterable[Manifest], configs: Iterable[Manifest]
    ) -> Mapping[Key, str]:
        """Puts the newest that can be applied into force; returns the problems by object."""
        before = self.acceptance.last_good
        accepted = self.acceptance.accept(pods, services, configs, self.strange_certificates())
        await self._write(accepted.world)
        if before != self.acceptance.last_good:
            write_atomically(self._memory, json.dumps(list(self.acceptance.last_good.values())))
        return accepted.problems

    async def _write(self, world: World) -> None:
        self.pods = {pod.key: pod for pod in world.proxies}
        for gone in self._files.keys() - self.pods.keys():
            del self._files[gone]
        self._rotations = {key: at for key, at in self._rotations.items() if key[0] in self.pods}
        self.rotate(datetime.now(UTC))
        configs = {}
        for pod in world.proxies:
            try:
                configs[pod.key] = translate(world, pod, self._state, self._authority.root_certificate)
            except (UnusableError, KeyError, TypeError, AttributeError, ValueError):
                self.errors += 1
                log.exception("no configuration for %s; its last one stays", pod.key)
        await asyncio.gather(*(self._files[key].publish(config) for key, config in configs.items()))

    def rotate(self, now: datetime) -> datetime:
        """Issues certificates that are missing or past half of their life; returns when to do so again."""
        for pod in self.pods.values():
            files = self._files.setdefault(pod.key, ProxyFiles(proxy_directory(self._state, pod.namespace, pod.name)))
            for name, authority in ((SECRET, self._authority), (STRANGE_SECRET, self._strange)):
                if now >= self._rotations.get((pod.key, name), now):
                    certificate = authority.issue(pod.identity, self._lifetime, now)
                    files.publish_secret(certificate, name)
                    self._rotations[pod.key, name] = certificate.rotate_at
                    self.issued += 1
        return min(self._rotations.values(), default=now + self._lifetime / 2)

    def strange_certificates(self) -> frozenset[str]:
        """Pods whose client certificate is to come from a strange CA: the lines of the fault's file."""
        try:
            text = (self._state / CERTIFICATE_FAULTS).read_text()
        except OSError:
            return frozenset()
        return frozenset(line.strip() for line in text.splitlines() if line.strip())

    def sent(self) -> list[tuple[Pod, Mapping[str, Sent]]]:
        """Each proxy and its files as they were last written."""
        return [(pod, self._files[key].sent) for key, pod in self.pods.items() if key in self._files]


async def run(settings: Settings) -> None:
    """Runs until cancelled."""
    pusher = Pusher(settings.state, settings.certificate_lifetime)
    state = State(proxies=pusher.sent)
    changed = asyncio.Event()
    timeout = aiohttp.ClientTimeout(total=10)
    headers = {"authorization": f"Bearer {settings.token}", "accept": "application/json"}
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(settings.kubernetes_url, headers=headers, timeout=timeout, connector=connector) as api,
        aiohttp.ClientSession() as proxies,
    ):
        runner = web.AppRunner(application(state, proxies), access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, settings.debug_address, settings.debug_port).start()
            watchers = {name: Watcher(api, kind, changed.set) for name, kind in KINDS.items()}
            async with asyncio.TaskGroup() as tasks:
                for watcher in watchers.values():
                    tasks.create_task(watcher.run())
                tasks.create_task(_push_on_change(pusher, watchers, changed, state, Reporter(api)))
                tasks.create_task(_rotate_on_time(pusher, state))
                tasks.create_task(_watch_faults(pusher, changed))
        finally:
            await runner.cleanup()


async def _push_on_change(
    pusher: Pusher, watchers: Mapping[str, Watcher], changed: asyncio.Event, state: State, reporter: Reporter
) -> None:
    for watcher in watchers.values():
        await watcher.synced.wait()
    while True:
        changed.clear()
        started = time.monotonic()
        configs = {key: item for kind in CONFIG_KINDS for key, item in watchers[kind].objects.items()}
        try:
            problems = await pusher.push(
                watchers["Pod"].objects.values(), watchers["Service"].objects.values(), configs.values()
            )
        except Exception:
            # Whatever an object made go wrong, proxies keep what they have and the next change is tried again.
            pusher.errors += 1
            log.exception("nothing was pushed")
        else:
            numbers = state.numbers
            numbers.pushes += 1
            numbers.problems = len(problems)
            numbers.push_seconds = time.monotonic() - started
            numbers.push_errors, numbers.certificates = pusher.errors, pusher.issued
            if not state.ready:
                log.info("ready: %d proxies, %d objects", len(pusher.pods), len(configs))
            state.ready = True
            await reporter.report(configs, problems)
        await changed.wait()
        await asyncio.sleep(DEBOUNCE_SECONDS)


async def _rotate_on_time(pusher: Pusher, state: State) -> None:
    while True:
        now = datetime.now(UTC)
        due = pusher.rotate(now)
        state.numbers.certificates = pusher.issued
        await asyncio.sleep(min(max(0.05, (due - now).total_seconds()), 5.0))


async def _watch_faults(pusher: Pusher, changed: asyncio.Event) -> None:
    known = pusher.strange_certificates()
    while True:
        await asyncio.sleep(FAULT_POLL_SECONDS)
        if (current := pusher.strange_certificates()) != known:
            known = current
            changed.set()


def _read_memory(path: Path) -> dict[Key, Manifest]:
    """Last good versions from before a restart; none when the file isn't there or isn't ours."""
    try:
        return {key_of(manifest): manifest for manifest in json.loads(path.read_text())}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
