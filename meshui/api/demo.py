"""The faults of the embedded demo mesh, handed on to its control API. Without a demo there is nothing here."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote

import msgspec
from django.conf import settings
from django.http import Http404, HttpResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from meshui.api.answers import answer
from meshui.api.authentication import client_address
from meshui.api.permissions import user_of
from meshui.contract.demo import Fault
from meshui.contract.openapi import describe
from meshui.domain.failures import Code, Failure
from meshui.records import audit

_SECONDS = 20


class FaultsView(APIView):
    """What can be broken."""

    @describe("listFaults", "The faults, and which are active", answer=list[Fault], problems=[404, 503], tag="demo")
    def get(self, request: Request) -> HttpResponse:
        return answer([msgspec.convert(one, Fault) for one in _ask("GET", "/faults")["faults"]])


class FaultView(APIView):
    """One fault."""

    @describe("startFault", "Break it", answer=Fault, problems=[403, 404, 503], tag="demo")
    def post(self, request: Request, name: str) -> HttpResponse:
        return self._do(request, "POST", name)

    @describe("endFault", "Mend it", answer=Fault, problems=[403, 404, 503], tag="demo")
    def delete(self, request: Request, name: str) -> HttpResponse:
        return self._do(request, "DELETE", name)

    def _do(self, request: Request, method: str, name: str) -> HttpResponse:
        fault = msgspec.convert(_ask(method, f"/faults/{quote(name, safe='')}"), Fault)
        action = "start fault" if method == "POST" else "end fault"
        audit.record(
            user_of(request).username,
            action,
            audit.Outcome.DONE,
            cluster=settings.MESHUI.cluster,
            message=fault.name,
            address=client_address(request),
        )
        return answer(fault)


def _ask(method: str, path: str) -> Any:
    """The control API's answer. Raises Http404 without a demo, Failure(NOT_FOUND | SOURCE_UNAVAILABLE)."""
    base = settings.MESHUI.demo_control_url
    if not settings.MESHUI.demo or not base:
        raise Http404
    # The address is the operator's own configuration, http or https by its type.
    request = urllib.request.Request(base + path, method=method)
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as response:
            return json.load(response)
    except urllib.error.HTTPError as problem:
        raise _refused(problem) from None
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise Failure(
            Code.SOURCE_UNAVAILABLE,
            f"The demo's control API does not answer: {problem}.",
            next_step="See whether the demo still runs.",
            context={"source": "demo"},
        ) from None


def _refused(problem: urllib.error.HTTPError) -> Failure:
    try:
        message = str(json.load(problem)["message"])
    except (ValueError, KeyError, TypeError, OSError):
        message = f"The demo's control API answered {problem.code}."
    code = Code.NOT_FOUND if problem.code == 404 else Code.SOURCE_UNAVAILABLE
    return Failure(code, message, next_step="GET /api/v1/demo/faults lists them.", context={"source": "demo"})
