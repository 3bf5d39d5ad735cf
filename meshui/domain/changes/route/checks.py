"""What is wrong, or will be, with a route's settings."""

from __future__ import annotations

from collections.abc import Iterator

from meshui.domain.changes.route.settings import Route, RouteSettings
from meshui.domain.failures import Code, Failure
from meshui.domain.mesh.hosts import full_host, kubernetes_service
from meshui.domain.mesh.inventory import Inventory
from meshui.domain.mesh.networking import VirtualService
from meshui.domain.routing.findings import Finding
from meshui.domain.routing.lookup import DestinationRuleIndex, subsets_of

RETRY_ON = (
    *("5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "envoy-ratelimited"),
    *("retriable-4xx", "refused-stream", "retriable-status-codes", "retriable-headers", "http3-post-connect-failure"),
    *("cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable"),
)
"""Envoy's conditions ("Router", x-envoy-retry-on and x-envoy-retry-grpc-on); Istio also takes status codes."""
LONGEST_MS = 3_600_000
MOST_ATTEMPTS = 20


def check_settings(wanted: RouteSettings) -> RouteSettings:
    """The settings as they may be set. Raises Failure(INVALID) with `fields` as `settings.retries.attempts`."""
    fields = dict(_problems(wanted))
    if fields:
        raise Failure(
            Code.INVALID,
            "The settings can't be set: " + " ".join(dict.fromkeys(fields.values())),
            fields={f"settings.{name}": said for name, said in fields.items()},
        )
    return wanted


def settings_findings(rule: VirtualService, route: Route, wanted: RouteSettings, inventory: Inventory) -> list[Finding]:
    """Findings on the settings that would be in force; paths are in the VirtualService."""
    path = f"$.spec.http[{route.index}]"
    return [*_of_retries(wanted, path), *_of_faults(wanted, path), *_of_mirror(rule, wanted, path, inventory)]


def _problems(wanted: RouteSettings) -> Iterator[tuple[str, str]]:
    if wanted.timeout_ms is not None and not 0 <= wanted.timeout_ms <= LONGEST_MS:
        yield "timeout_ms", "A timeout is from 0 (none) to an hour."
    if retries := wanted.retries:
        if not 0 <= retries.attempts <= MOST_ATTEMPTS:
            yield "retries.attempts", f"Attempts are from 0 (no retries) to {MOST_ATTEMPTS}."
        if retries.per_try_timeout_ms is not None and not 1 <= retries.per_try_timeout_ms <= LONGEST_MS:
            yield "retries.per_try_timeout_ms", "A timeout per attempt is from 1 ms to an hour."
        unknown = [one for one in retries.retry_on if one not in RETRY_ON and not _status(one)]
        if unknown:
            yield "retries.retry_on", f"Envoy knows no condition {', '.join(unknown)[:100]}."
    for name, part in (("delay", wanted.delay), ("abort", wanted.abort), ("mirror", wanted.mirror)):
        if part is not None and not 0 <= part.percent <= 100:
            yield f"{name}.percent", "A percentage is from 0 to 100."
    if wanted.delay and not 1 <= wanted.delay.delay_ms <= LONGEST_MS:
        yield "delay.delay_ms", "A delay is from 1 ms to an hour."
    if wanted.abort and not 200 <= wanted.abort.status <= 599:
        yield "abort.status", "A status is from 200 to 599."
    if wanted.mirror and not wanted.mirror.host:
        yield "mirror.host", "Name the host that gets the copies."


def _status(text: str) -> bool:
    return len(text) == 3 and text.isdigit() and "100" <= text <= "599"


def _of_retries(wanted: RouteSettings, path: str) -> Iterator[Finding]:
    retries = wanted.retries
    if retries is None or retries.attempts == 0:
        return
    if wanted.timeout_ms and retries.per_try_timeout_ms:
        room = wanted.timeout_ms // retries.per_try_timeout_ms
        if room < retries.attempts + 1:
            of_all = f"{max(room, 1)} of {retries.attempts + 1} attempts of {retries.per_try_timeout_ms} ms"
            message = f"The timeout of {wanted.timeout_ms} ms ends after {of_all}."
            yield Finding("warning", "timeout_before_retries", message, f"{path}.timeout")
    if "5xx" in retries.retry_on or "retriable-4xx" in retries.retry_on:
        message = "Requests that had an effect before they failed are sent again: retry only what may be done twice."
        yield Finding("warning", "retries_repeat_effects", message, f"{path}.retries.retryOn")
    if retries.attempts > 3:
        times = retries.attempts + 1
        message = f"{retries.attempts} more attempts make an overload of the called side up to {times} times worse."
        yield Finding("warning", "many_retries", message, f"{path}.retries.attempts")


def _of_faults(wanted: RouteSettings, path: str) -> Iterator[Finding]:
    if wanted.abort and wanted.abort.percent >= 100:
        message = f"Every request of this route would be answered with {wanted.abort.status}, none sent on."
        yield Finding("warning", "abort_all", message, f"{path}.fault.abort")
    if wanted.delay and wanted.timeout_ms and wanted.delay.delay_ms >= wanted.timeout_ms > 0:
        message = "Envoy waits before the request is sent, so the route's timeout does not cut the delay short."
        yield Finding("info", "delay_beyond_timeout", message, f"{path}.fault.delay")


def _of_mirror(rule: VirtualService, wanted: RouteSettings, path: str, inventory: Inventory) -> Iterator[Finding]:
    mirror = wanted.mirror
    if mirror is None:
        return
    host = full_host(mirror.host, rule.ref.namespace, inventory.mesh.domain)
    key = kubernetes_service(host)
    if (key is None or key not in inventory.services) and inventory.service_entry_of_host(host) is None:
        yield Finding("error", "unknown_host", f"There is no service {host}.", f"{path}.mirror.host")
        return
    if mirror.subset:
        index = DestinationRuleIndex(inventory.destination_rules, inventory.mesh)
        home = rule.ref.namespace
        rules = index.of(host, client_namespace=home, service_namespace=key[0] if key else home)
        if mirror.subset not in subsets_of(rules):
            message = f"Subset {mirror.subset} is not defined for {host}: no copy would arrive."
            yield Finding("error", "unknown_subset", message, f"{path}.mirror.subset")
