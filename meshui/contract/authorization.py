"""Questions about authorization, and their answers."""

from __future__ import annotations

from typing import Any

import msgspec
from rest_framework import serializers

from meshui.contract.fields import QueryInput, Text, Whole, WholeInput
from meshui.contract.graph import Names
from meshui.domain.authz.edits import EDITABLE
from meshui.domain.authz.matrix import Matrix
from meshui.domain.authz.observed import AuthzDisagreement
from meshui.domain.authz.reach import Reach
from meshui.domain.authz.request import Request, Token
from meshui.domain.authz.suggest import Caller
from meshui.domain.authz.what_if import WhatIf
from meshui.services.authorization import LONGEST_HOURS, MOST_CHARACTERS, ObservedTraffic

_MOST_CLAIMS = 100


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a call gets through, for each workload that may get it."""

    caller: str
    called: str
    reaches: tuple[Reach, ...]


class MatrixAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Who may call what, beside the traffic that was observed."""

    traffic: ObservedTraffic
    matrix: Matrix
    disagreements: tuple[AuthzDisagreement, ...]
    """Where traffic contradicts policy, anywhere in the mesh."""


class WhatIfAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What edited policies would have done to the traffic that was observed."""

    traffic: ObservedTraffic
    result: WhatIf


class SuggestedYaml(msgspec.Struct, frozen=True, kw_only=True):
    """One policy, ready to be applied, and the callers that it is made from."""

    service: str
    name: str
    yaml: str
    callers: tuple[Caller, ...]


class SuggestionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The least-privilege policies for what was observed, and what they would have done to it."""

    traffic: ObservedTraffic
    policies: tuple[SuggestedYaml, ...]
    yaml: str
    """All of them in one text."""
    effect: WhatIf
    limits: tuple[str, ...]
    """What observation can't tell."""


class Named(Text):
    """NAMESPACE/NAME; its value is the pair."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=507, **options)

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        if not text:
            return None
        namespace, slash, name = text.partition("/")
        if not slash or not namespace or not name or "/" in name:
            raise serializers.ValidationError("This must be NAMESPACE/NAME.")
        return namespace, name


class TokenInput(WholeInput):
    """A JSON web token as it would arrive."""

    claims = serializers.DictField(default=dict, help_text="Its payload.")
    header = Text(default="authorization", max_length=100, help_text="Where it is.")
    valid = serializers.BooleanField(default=True, help_text="Signed by its issuer's key, and not expired.")

    def validate_claims(self, value: dict[str, Any]) -> dict[str, Any]:
        if len(value) > _MOST_CLAIMS:
            raise serializers.ValidationError(f"At most {_MOST_CLAIMS} claims.")
        return value


class ExplainCall(WholeInput):
    """A request whose fate is asked for. What is left out is not known, so that the answer may be "partly"."""

    caller = Named(default=None, allow_null=True, allow_blank=True, help_text="A workload; none: outside the mesh.")
    service = Named(required=False, help_text="The service that is called.")
    workload = Named(required=False, help_text="The workload that is called without a service.")
    port = Whole(required=False, min_value=1, max_value=65535, help_text="The service's, or the workload's own.")
    method = Text(required=False, max_length=50)
    path = Text(required=False, max_length=2000)
    host = Text(required=False, max_length=300)
    headers = serializers.DictField(child=Text(allow_blank=True, max_length=2000), required=False)
    source_ip = serializers.IPAddressField(required=False)
    remote_ip = serializers.IPAddressField(required=False, help_text="The original client's, from X-Forwarded-For.")
    sni = Text(required=False, max_length=300)
    token = TokenInput(required=False, allow_null=True, help_text="null: the request has none.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs.get("service") is None) == (attrs.get("workload") is None):
            raise serializers.ValidationError({"service": "Name either a service or a workload."})
        if len(attrs.get("headers") or {}) > _MOST_CLAIMS:
            raise serializers.ValidationError({"headers": f"At most {_MOST_CLAIMS} headers."})
        if "path" in attrs and not attrs["path"].startswith("/"):
            raise serializers.ValidationError({"path": "This must begin with a slash."})
        return attrs

    def request(self) -> Request:
        """The request, of valid input."""
        given = self.validated_data
        known = {name: given[name] for name in _TEXTS if name in given}
        if "headers" in given:
            known["headers"] = {name.lower(): value for name, value in given["headers"].items()}
        if "token" in given:
            token = given["token"]
            known["token"] = Token(token["claims"], token["header"].lower(), token["valid"]) if token else None
        return Request(**known)


_TEXTS = ("method", "path", "host", "source_ip", "remote_ip", "sni")


class TrafficQuery(QueryInput):
    """Over which time the traffic is taken."""

    hours = serializers.IntegerField(
        default=0, min_value=0, max_value=LONGEST_HOURS, help_text="The last hours; 0: as it is now."
    )


class MatrixQuery(TrafficQuery):
    """Which callers and which called."""

    callers = Names(default=(), help_text="Workloads of these namespaces, separated by commas; none: all namespaces.")
    called = Names(default=(), help_text="Services of these namespaces; none: all.")
    service = Named(default=None, allow_blank=True, help_text="By method, to this service (NAMESPACE/NAME).")


class SuggestQuery(TrafficQuery):
    """For what policies are wanted."""

    namespace = Text(max_length=63)
    service = Text(required=False, allow_blank=True, max_length=253, help_text="None: every service of the namespace.")


class Deletion(WholeInput):
    """An object that is taken away."""

    kind = serializers.ChoiceField(choices=EDITABLE)
    namespace = Text(max_length=63, allow_blank=True)
    name = Text(max_length=253)


class TryPolicies(WholeInput):
    """Policies as they would be."""

    yaml = Text(
        default="", allow_blank=True, max_length=MOST_CHARACTERS, trim_whitespace=False, help_text="Added or replaced."
    )
    delete = Deletion(many=True, default=list)
    hours = Whole(default=0, min_value=0, max_value=LONGEST_HOURS, help_text="The last hours; 0: as it is now.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs["delete"]) > _MOST_CLAIMS:
            raise serializers.ValidationError({"delete": f"At most {_MOST_CLAIMS} objects."})
        if not attrs["yaml"].strip() and not attrs["delete"]:
            raise serializers.ValidationError({"yaml": "There is nothing to try."})
        return attrs
