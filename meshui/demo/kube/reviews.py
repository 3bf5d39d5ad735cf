"""Questions about access that are posted like objects and answered at once, never kept."""

from __future__ import annotations

from typing import Any

from meshui.demo.kube.access import AUTHENTICATED, TOKENS, Attributes, User, allows, rules_of
from meshui.demo.kube.errors import StatusError, bad_request, no_such_path
from meshui.demo.kube.schema import Object, problems_of_kind, without_nulls

REVIEWS = {
    ("authorization.k8s.io", "selfsubjectaccessreviews"): "SelfSubjectAccessReview",
    ("authorization.k8s.io", "subjectaccessreviews"): "SubjectAccessReview",
    ("authorization.k8s.io", "localsubjectaccessreviews"): "LocalSubjectAccessReview",
    ("authorization.k8s.io", "selfsubjectrulesreviews"): "SelfSubjectRulesReview",
    ("authentication.k8s.io", "tokenreviews"): "TokenReview",
    ("authentication.k8s.io", "selfsubjectreviews"): "SelfSubjectReview",
}


def review(user: User, group: str, plural: str, body: Object) -> Object:
    """The review with its status filled in. Raises a 404 for a kind that isn't one, a 422 for a malformed one."""
    kind = REVIEWS.get((group, plural))
    if kind is None:
        raise no_such_path()
    if body.get("kind", kind) != kind:
        raise bad_request(f"the kind in the data ({body['kind']}) does not match the expected kind ({kind})")
    answer: Object = {"metadata": {}, "spec": {}} | without_nulls(body) | {"kind": kind, "apiVersion": f"{group}/v1"}
    answer.pop("status", None)
    if causes := problems_of_kind(answer, group, kind):
        message = f'{kind}.{group} "" is invalid: {causes[0]}'
        raise StatusError(422, "Invalid", message, causes=causes)
    answer["status"] = _status(kind, user, answer["spec"] or {})
    return answer


def _status(kind: str, user: User, spec: Object) -> Object:
    match kind:
        case "SelfSubjectAccessReview":
            return _decision(user, spec)
        case "SubjectAccessReview" | "LocalSubjectAccessReview":
            subject = User(spec.get("user", ""), (*(spec.get("groups") or ()), AUTHENTICATED))
            return _decision(subject, spec)
        case "SelfSubjectRulesReview":
            return _rules(user)
        case "TokenReview":
            found = TOKENS.get(spec.get("token", ""))
            if found is None:
                return {"authenticated": False, "error": "[invalid bearer token]"}
            return {"authenticated": True, "user": found.info()}
        case _:
            return {"userInfo": user.info()}


def _decision(user: User, spec: Object) -> Object:
    asked: dict[str, Any] = spec.get("resourceAttributes") or {}
    url = spec.get("nonResourceAttributes") or {}
    if bool(asked) == bool(url):
        message = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        raise StatusError(422, "Invalid", message)
    if url:
        return {"allowed": allows(user, Attributes(url.get("verb", ""), url=url.get("path", "")))}
    resource = asked.get("resource", "")
    if asked.get("subresource"):
        resource += f"/{asked['subresource']}"
    attributes = Attributes(
        asked.get("verb", ""), asked.get("group", ""), resource, asked.get("namespace", ""), asked.get("name", "")
    )
    return {"allowed": allows(user, attributes)}


def _rules(user: User) -> Object:
    rules = rules_of(user)
    return {
        "resourceRules": [
            {
                "verbs": list(rule.verbs),
                "apiGroups": list(rule.groups),
                "resources": list(rule.resources),
                **({"resourceNames": list(rule.names)} if rule.names else {}),
            }
            for rule in rules
            if rule.resources
        ],
        "nonResourceRules": [
            {"verbs": list(rule.verbs), "nonResourceURLs": list(rule.urls)} for rule in rules if rule.urls
        ],
        "incomplete": False,
    }
