"""What an answer means for this very request: which are to be expected, and what they come from.

Source of the flags: Envoy, substitution formatter, RESPONSE_FLAGS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from meshui.domain.mesh.names import ObjectRef
from meshui.domain.proxy.explain.model import Branch, Meaning, Rates, Step, Verdict


def meanings(
    steps: Sequence[Step], branches: Sequence[Branch], verdict: Verdict, rates: Rates | None, *, stream: bool
) -> tuple[Meaning, ...]:
    """The answers worth knowing here, those to be expected first, then those that are seen."""
    found = [*_stream(branches)] if stream else [*_http(steps, branches, verdict)]
    told = [_with_rate(one, rates) for one in found]
    known = {(one.code, one.flag) for one in told}
    if rates is not None:
        told += [
            Meaning(code, "", f"{code} from the application", _application(code), False, rate)
            for code, rate in sorted(rates.codes.items())
            if rate > 0 and code not in {one for one, _ in known} and code != "0"
        ]
    return tuple(sorted(told, key=lambda one: (not one.expected, -(one.rate or 0.0))))


def _http(steps: Sequence[Step], branches: Sequence[Branch], verdict: Verdict) -> Iterator[Meaning]:
    parts = [*steps, *(step for branch in branches for step in branch.steps)]
    verdicts = {branch.verdict for branch in branches} | {verdict}
    workloads = sorted({name for branch in branches for name in branch.workloads})
    whom = " or ".join(workloads) or "the upstream"
    if branches:
        yield Meaning("200", "", "It went through", f"{whom} answered.", "reaches" in verdicts, None)
    denied = _object(parts, "authorization", "bad")
    yield Meaning(
        "403",
        "",
        "Authorization denied it",
        f"The proxy of {whom} refused the caller: "
        + (_first(parts, "authorization", "bad") or "no policy does so now."),
        "denied" in verdicts,
        None,
        denied,
    )
    if verdict == "no_route" or any(step.kind == "virtual_host" for step in steps):
        says = "No virtual host or route takes it: " + (
            _first(parts, "route", "bad") or _first(parts, "virtual_host", "bad")
        )
        expected = verdict == "no_route"
        yield Meaning("404", "NR", "No route", says if expected else "Another host or path than here.", expected, None)
    if not branches:
        return
    clusters = ", ".join(branch.cluster for branch in branches if branch.cluster)
    missing = [branch.cluster for branch in branches if branch.verdict == "no_cluster"]
    if missing:
        says = f"The proxy does not have {', '.join(missing)}: a subset that no DestinationRule defines, say."
        yield Meaning("503", "NC", "No such cluster", says, True, None)
    empty = [branch.cluster for branch in branches if branch.verdict == "no_endpoint"]
    usable, total = sum(one.healthy for one in branches), sum(one.endpoints for one in branches)
    healthy = f"Now {usable} of {total} endpoints get requests."
    yield Meaning(
        "503",
        "UH",
        "No healthy endpoint",
        f"Every endpoint of {', '.join(empty) or clusters} is gone, failing or ejected. {healthy}",
        bool(empty),
        None,
    )
    refused = [branch for branch in branches if branch.verdict == "refused"]
    says = refused[0].says if refused else "The pod is gone, the port is wrong, or the two sides disagree about TLS."
    yield Meaning("503", "UF", "No connection", f"{says[0].upper()}{says[1:]}.".replace("..", "."), bool(refused), None)
    full = [step for step in parts if step.kind == "cluster" and any("breaker full" in one for one in step.details)]
    yield Meaning(
        "503",
        "UO",
        "Circuit breaker",
        "; ".join(full[0].details[:2]) if full else f"More at once than the limits of {clusters}; none is full now.",
        bool(full),
        None,
        full[0].object if full else _object(parts, "cluster"),
    )
    timeout = next((step for step in parts if step.kind == "timeout"), None)
    if timeout is not None and "no limit" not in timeout.title:
        says = f"No answer in time ({timeout.title.removeprefix('Timeout: ')})."
        yield Meaning("504", "UT", "Timeout", says, False, None, timeout.object)
    again = next((step for step in parts if step.kind == "retries" and step.title != "No retries"), None)
    if again is not None:
        yield Meaning("503", "URX", "Retries used up", f"It failed every time. {again.says}", False, None, again.object)
    fault = next((step for step in parts if step.kind == "fault" and "without" not in step.title), None)
    if fault is not None:
        flag = "FI" if "(FI)" in fault.says else "DI"
        yield Meaning("", flag, "Injected fault", fault.says, True, None, fault.object)


def _stream(branches: Sequence[Branch]) -> Iterator[Meaning]:
    for branch in branches:
        if branch.verdict == "reaches":
            yield Meaning("", "", "It is open", f"{' or '.join(branch.workloads)} took the connection.", True, None)
        elif branch.verdict == "no_endpoint":
            yield Meaning("", "UH", "Closed at once", f"No endpoint of {branch.cluster} is healthy.", True, None)
        elif branch.verdict in ("denied", "refused"):
            yield Meaning("", "", "Closed", f"{branch.says}.", True, None)
    yield Meaning("", "UF", "Closed by the proxy", "The upstream could not be connected to.", False, None)


def _with_rate(one: Meaning, rates: Rates | None) -> Meaning:
    if rates is None or not (one.code or one.flag):
        return one
    if one.flag:
        rate = sum(rate for flags, rate in rates.flags.items() if one.flag in flags.split(","))
    elif one.code == "200":
        rate = sum(rate for code, rate in rates.codes.items() if code.startswith("2"))
    else:
        rate = rates.codes.get(one.code, 0.0)
    return Meaning(one.code, one.flag, one.title, one.says, one.expected, rate, one.object)


def _application(code: str) -> str:
    if code.startswith("5"):
        return "The application itself answers so, unless a flag above tells otherwise: look at its log."
    return "The application itself answers so."


def _object(steps: Iterable[Step], kind: str, state: str = "") -> ObjectRef | None:
    return next((one.object for one in steps if one.kind == kind and state in ("", one.state)), None)


def _first(steps: Iterable[Step], kind: str, state: str) -> str:
    return next((one.says for one in steps if one.kind == kind and one.state == state), "")
