"""What a change of weights does to the traffic that flows now."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from meshui.domain.graph.mesh import NONE, MeshGraph
from meshui.domain.health.reasons import per_second
from meshui.domain.mesh.inventory import Key
from meshui.domain.routing.split import Split, SplitDestination, SplitRoute
from meshui.domain.telemetry.rows import TCP


def service_rates(graph: MeshGraph, namespace: str, name: str) -> dict[Key, float]:
    """Requests per second that each workload of a service gets through it, by (namespace, name)."""
    numbers = [
        number
        for number, node in enumerate(graph.nodes)
        if node.kind == "service" and (node.namespace, node.name) == (namespace, name)
    ]
    rates: dict[Key, float] = {}
    given = np.isin(graph.service, numbers) & (graph.destination != NONE) & (graph.protocol != TCP)
    for edge in np.flatnonzero(given).tolist():
        node = graph.nodes[graph.destination[edge]]
        key = (node.namespace, node.name)
        rates[key] = rates.get(key, 0.0) + float(graph.rate[edge])
    return rates


def effect(split: Split, weights: Mapping[str, int], rates: Mapping[Key, float]) -> list[str]:
    """Sentences on what the new weights move, by the rates of now. Where several routes divide the same traffic,
    telemetry can't tell whose share is whose, and the sentence says so."""
    changed = [route for route in split.routes if any(_moves(one, weights) for one in route.destinations)]
    if not changed:
        return ["Nothing changes: these are the weights of now."]
    sentences = []
    for route in changed:
        sentences += _of_route(route, weights, rates)
    if len([route for route in split.routes if len(route.destinations) > 1]) > 1:
        sentences.append("Several routes share these versions, so the rates are upper bounds for each.")
    return sentences


def _of_route(route: SplitRoute, weights: Mapping[str, int], rates: Mapping[Key, float]) -> list[str]:
    total = sum(_rate(one, rates) for one in route.destinations)
    new_total = sum(weights.get(one.id, one.weight) for one in route.destinations)
    moved = {
        one: total * (_part(weights.get(one.id, one.weight), new_total) - _part(one.weight, route.total))
        for one in route.destinations
    }
    gaining = [one for one in route.destinations if moved[one] > 0]
    losing = [one for one in route.destinations if moved[one] < 0]
    sentences = []
    if total <= 0:
        sentences.append("No requests flow now, so nothing moves until some come.")
    elif len(gaining) == 1 and len(losing) == 1:
        rate = per_second(moved[gaining[0]])
        sentences.append(f"Moves about {rate} of {per_second(total)} from {losing[0].label} to {gaining[0].label}.")
    else:
        for one in (*gaining, *losing):
            word = "gains" if moved[one] > 0 else "loses"
            sentences.append(f"{one.label} {word} about {per_second(abs(moved[one]))} of {per_second(total)}.")
    pods = [f"{one.label} has {_pods(one)}" for one in (*gaining, *losing) if one.pods_total is not None]
    if not (gaining or losing):
        pods = [f"{one.label} has {_pods(one)}" for one in route.destinations if one.pods_total is not None]
    if pods:
        sentences.append(", ".join(pods) + ".")
    for one in gaining:
        if one.pods_ready:
            share = total * _part(weights.get(one.id, one.weight), new_total)
            each = "its pod" if one.pods_ready == 1 else "each of its pods"
            sentences.append(
                f"{each[0].upper()}{each[1:]} ({one.label}) would then get about {per_second(share / one.pods_ready)}."
            )
    return sentences


def _moves(one: SplitDestination, weights: Mapping[str, int]) -> bool:
    return weights.get(one.id, one.weight) != one.weight


def _rate(one: SplitDestination, rates: Mapping[Key, float]) -> float:
    return sum(rates.get(key, 0.0) for key in one.workloads)


def _part(weight: int, total: int) -> float:
    return weight / total if total else 0.0


def _pods(one: SplitDestination) -> str:
    ready = one.pods_ready or 0
    word = "pod" if ready == 1 else "pods"
    behind = f" of {one.pods_total}" if one.pods_total != ready else ""
    return f"{ready}{behind} ready {word}"
