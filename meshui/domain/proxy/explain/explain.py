"""The whole answer to "what happens to this request?"."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from meshui.domain.mesh.inventory import Inventory, Key
from meshui.domain.mesh.workloads import Pod
from meshui.domain.proxy.explain.arriving import Arrival, Caller, Destination, identity_of
from meshui.domain.proxy.explain.leaving import leave, request_of
from meshui.domain.proxy.explain.meanings import meanings
from meshui.domain.proxy.explain.model import Branch, Question, Rates, RequestExplanation, Step, Verdict
from meshui.domain.proxy.view import ProxyView


def explain(
    view: ProxyView,
    question: Question,
    *,
    pod: Pod | None = None,
    inventory: Inventory | None = None,
    destination: Destination = lambda pod: "it was not asked",
    rates: Rates | None = None,
    gateway: bool = False,
    ports: tuple[int, ...] = (),
) -> RequestExplanation:
    """What the proxy `view` does with the request of its application (of a client outside for a `gateway`), and what
    becomes of it. Without an inventory the way ends at the endpoints' addresses."""
    source = pod.workload if pod else view.pod
    if view.dump.refused or not view.listeners:
        says = view.findings[0].message if view.findings else "The proxy has no listener"
        return _ended(
            view, question, "unknown", says, [Step("source", view.pod, f"{says}.".replace("..", "."), "unknown")]
        )
    found = leave(view, question, gateway=gateway, ports=ports)
    workload = (pod.namespace, pod.workload) if pod else None
    stream = question.protocol == "tcp"
    caller = Caller(source, identity_of(view, inventory, workload), pod.ip if pod else "", stream)
    arrival = Arrival(view, caller, inventory, destination)
    branches = tuple(arrival.branch(one, found.request) for one in found.targets if one.share > 0 or one.how)
    idle = [one for one in found.targets if one.share == 0 and not one.how]
    steps = found.steps
    if idle:
        names = ", ".join(one.cluster for one in idle)
        last = next(number for number in range(len(steps) - 1, -1, -1) if steps[number].kind == "route")
        steps[last] = msgspec.structs.replace(steps[last], details=(*steps[last].details, f"weight 0: {names}"))
    verdict, summary = (found.verdict, found.summary) if found.verdict else together(branches)
    if found.verdict == "depends" and not summary:
        summary = "It depends on what the route asks for, which isn't known here"
    return RequestExplanation(
        source=view.pod,
        question=question,
        verdict=verdict,
        summary=_sentence(summary),
        steps=tuple(steps),
        branches=branches,
        meanings=meanings(steps, branches, verdict, rates, stream=stream),
        findings=tuple(f"{one.section}: {one.message}" for one in view.findings),
    )


def explain_without_proxy(
    question: Question,
    workloads: Sequence[tuple[Key, int]],
    *,
    source: str,
    inventory: Inventory,
    destination: Destination,
    rates: Rates | None = None,
) -> RequestExplanation:
    """The same for a caller that has no proxy: its request goes straight to one of the workloads (with their ports), in
    plain text."""
    stream = question.protocol == "tcp"
    arrival = Arrival(None, Caller(source, None, "", stream), inventory, destination)
    share = 1.0 / len(workloads) if workloads else 0.0
    branches = tuple(
        msgspec.structs.replace(arrival.direct(key, port, request_of(question)), share=share) for key, port in workloads
    )
    says = f"{source} has no proxy: no route, retry or mutual TLS of the mesh. Kubernetes chooses a pod."
    steps = [Step("source", source, says, "warn")]
    verdict, summary = together(branches)
    return RequestExplanation(
        source=source,
        question=question,
        verdict=verdict,
        summary=_sentence(summary),
        steps=tuple(steps),
        branches=branches,
        meanings=meanings(steps, branches, verdict, rates, stream=stream),
        findings=(),
    )


def together(branches: Sequence[Branch]) -> tuple[Verdict, str]:
    """How it ends over all branches, the most likely first."""
    if not branches:
        return "no_cluster", "The route leads to no cluster: 503"
    ordered = sorted(branches, key=lambda one: -one.share)
    if len(ordered) == 1:
        return ordered[0].verdict, ordered[0].says
    parts = [f"{one.share * 100:.4g}%: {one.says}" for one in ordered]
    verdicts = {one.verdict for one in ordered}
    return ordered[0].verdict if len(verdicts) == 1 else "depends", "; ".join(parts)


def _sentence(text: str) -> str:
    """With a capital, unless it begins with a name, and a full stop."""
    if text.startswith(("it ", "every ", "no ")):
        text = text[0].upper() + text[1:]
    return f"{text}." if text else ""


def _ended(view: ProxyView, question: Question, verdict: Verdict, says: str, steps: list[Step]) -> RequestExplanation:
    findings = tuple(f"{one.section}: {one.message}" for one in view.findings)
    return RequestExplanation(view.pod, question, verdict, says, tuple(steps), (), (), findings)
