import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from tests.demo.kube.conftest import HISTORY, VIEWER, config_map, virtual_service

ISTIO = "/apis/networking.istio.io/v1/namespaces"
MERGE = {"Content-Type": "application/merge-patch+json"}


def status(answer, code, reason):
    body = answer.json()
    assert (answer.status_code, body["kind"], body["status"]) == (code, "Status", "Failure"), body
    assert body["code"] == code
    assert body.get("reason", "") == reason
    return body


def events(api, path, seconds=1, **options):
    joiner = "&" if "?" in path else "?"
    answer = api.call("GET", f"{path}{joiner}watch=true&timeoutSeconds={seconds}", stream=True, **options)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.iter_lines()]


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
def test_health_needs_no_credentials(api, path):
    assert requests.get(api.url + path, timeout=5).text == "ok"


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic ZGVtby1hZG1pbg=="}]
)
def test_who_is_not_known_is_unauthorized(api, headers):
    status(requests.get(api.url + "/api/v1/pods", headers=headers, timeout=5), 401, "Unauthorized")


def test_both_http_and_tls_are_served_on_the_port(api):
    secure = api.url.replace("http://", "https://")
    assert requests.get(secure + "/readyz", verify=api.state / "kubernetes" / "ca.crt", timeout=5).ok
    assert requests.get(api.url + "/readyz", timeout=5).ok


@pytest.mark.parametrize(
    ("method", "path", "code", "reason"),
    [
        ("GET", "/api/v1/namespaces/seeded/pods/absent", 404, "NotFound"),
        ("GET", "/api/v1/nothings", 404, "NotFound"),
        ("GET", "/apis/example.com/v1", 404, "NotFound"),
        ("GET", "/api/v2/pods", 404, "NotFound"),
        ("GET", "/nowhere", 404, "NotFound"),
        ("GET", "/api/v1/namespaces/seeded/nodes", 404, "NotFound"),
        ("GET", "/api/v1/namespaces/seeded/pods/web-1/exec", 404, "NotFound"),
        ("POST", "/api/v1/pods", 405, "MethodNotAllowed"),
        ("PUT", "/api/v1/namespaces/seeded/pods", 405, "MethodNotAllowed"),
        ("POST", "/api/v1/namespaces/seeded/pods/web-1", 405, "MethodNotAllowed"),
        ("DELETE", "/version", 405, "MethodNotAllowed"),
        ("OPTIONS", "/api", 405, "MethodNotAllowed"),
        ("DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", 405, "MethodNotAllowed"),
        ("GET", "/api/v1/pods?limit=many", 400, "BadRequest"),
        ("GET", "/api/v1/pods?labelSelector=a%20b", 400, "BadRequest"),
        ("GET", "/api/v1/pods?fieldSelector=spec.x=1", 400, "BadRequest"),
        ("GET", "/api/v1/pods?continue=rubbish", 400, "BadRequest"),
        ("GET", "/api/v1/pods?resourceVersion=new", 400, "BadRequest"),
        ("GET", "/api/v1/pods?watch=1&resourceVersion=999999999999999", 504, "Timeout"),
        ("GET", "/api/v1/pods?watch=1&sendInitialEvents=true", 422, "Invalid"),
        ("DELETE", "/api/v1/namespaces/default", 403, "Forbidden"),
    ],
)
def test_a_request_that_makes_no_sense_is_answered_with_its_status(api, method, path, code, reason):
    status(api.call(method, path), code, reason)


@pytest.mark.parametrize(
    ("body", "content_type", "code", "reason"),
    [
        (b"{", "application/json", 400, "BadRequest"),
        (b"[1]", "application/json", 400, "BadRequest"),
        (b'"text"', "application/json", 400, "BadRequest"),
        (b"null", "application/json", 400, "BadRequest"),
        (b"a: [", "application/yaml", 400, "BadRequest"),
        (b"{}", "text/plain", 415, "UnsupportedMediaType"),
        (b'{"kind": "Secret", "metadata": {"name": "a"}}', "application/json", 400, "BadRequest"),
        (b'{"apiVersion": "v2", "metadata": {"name": "a"}}', "application/json", 400, "BadRequest"),
        (b'{"metadata": {"name": "a", "namespace": "other"}}', "application/json", 400, "BadRequest"),
        (b'{"metadata": {"name": "a", "resourceVersion": "1"}}', "application/json", 400, "BadRequest"),
        (b'{"metadata": "a"}', "application/json", 400, "BadRequest"),
        (b'{"metadata": {"name": 1}}', "application/json", 422, "Invalid"),
        (b'{"metadata": {"name": "a", "labels": ["x"]}}', "application/json", 422, "Invalid"),
        (b'{"metadata": {"name": "a", "labels": {"x": 1}}}', "application/json", 422, "Invalid"),
        (b'{"metadata": {"name": "a"}, "data": {"x": 1}}', "application/json", 422, "Invalid"),
        (b'{"metadata": {"name": "a", "ownerReferences": [1]}}', "application/json", 422, "Invalid"),
        (b'{"metadata": {"name": "a"}, "data": 5}', "application/json", 422, "Invalid"),
        (b"x" * (4 * 1024 * 1024), "application/json", 413, "RequestEntityTooLarge"),
        (b"[" * 100_000, "application/json", 400, "BadRequest"),
        (b"[" * 100_000, "application/yaml", 400, "BadRequest"),
        (b"a: &x [1]\nb: *x", "application/yaml", 400, "BadRequest"),
        (b'{"x":' + b'{"a":' * 900 + b"1" + b"}" * 901, "application/json", 400, "BadRequest"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused_and_nothing_is_kept(api, namespace, body, content_type, code, reason):
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    status(api.call("POST", path, data=body, headers={"Content-Type": content_type}), code, reason)
    assert api.get(path)["items"] == []


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        ("application/merge-patch+json", "[]", 400),
        ("application/merge-patch+json", '{"metadata": null}', 422),
        ("application/merge-patch+json", '{"metadata": {"labels": 5}}', 422),
        ("application/merge-patch+json", '{"metadata": {"name": "other"}}', 400),
        ("application/merge-patch+json", '{"spec": {"http": null}}', 400),
        ("application/json-patch+json", "{}", 400),
        ("application/json-patch+json", '[{"op": "remove", "path": "/spec/absent"}]', 422),
        ("application/json-patch+json", '[{"op": "test", "path": "/kind", "value": "x"}]', 422),
        ("application/json-patch+json", '[{"op": "replace", "path": "", "value": 5}]', 400),
        ("application/json-patch+json", '[{"op": "remove", "path": "/metadata"}]', 422),
        ("application/strategic-merge-patch+json", "{}", 415),
        ("application/json", "{}", 415),
        ("application/apply-patch+yaml", "kind: VirtualService", 422),
    ],
)
def test_a_patch_that_makes_no_sense_is_refused(api, content_type, body, code):
    path = f"{ISTIO}/seeded/virtualservices/catalog"
    before = api.get(path)
    answer = api.call("PATCH", path, data=body, headers={"Content-Type": content_type})
    assert answer.status_code == code, answer.text
    assert answer.json()["kind"] == "Status"
    assert api.get(path) == before


def test_a_bad_object_is_unprocessable_with_its_causes(api, namespace):
    body = status(
        api.call("POST", f"{ISTIO}/{namespace}/virtualservices", json=virtual_service("a", "x")), 422, "Invalid"
    )
    assert body["details"]["kind"] == "VirtualService"
    [cause] = body["details"]["causes"]
    assert cause["field"] == "spec.http[0].route[0].weight"


def test_creating_twice_and_into_no_namespace(api, namespace):
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    assert api.call("POST", path, json=config_map("a")).status_code == 201
    status(api.call("POST", path, json=config_map("a")), 409, "AlreadyExists")
    status(api.call("POST", "/api/v1/namespaces/absent/configmaps", json=config_map("a")), 404, "NotFound")


def test_a_name_can_be_generated(api, namespace):
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    names = {
        api.call("POST", path, json={"metadata": {"generateName": "a-"}}).json()["metadata"]["name"] for _ in range(5)
    }
    assert len(names) == 5
    assert all(name.startswith("a-") and len(name) == 7 for name in names)


def test_a_stale_replace_is_a_conflict_and_of_two_writers_one_wins(api, namespace):
    path = f"{ISTIO}/{namespace}/virtualservices"
    created = api.call("POST", path, json=virtual_service("a", 90, 10)).json()

    def write(weight):
        body = virtual_service("a", weight, 100 - weight)
        body["metadata"] = created["metadata"]
        return api.call("PUT", f"{path}/a", json=body)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(write, range(20, 36)))
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [200] + [409] * 15
    lost = next(answer for answer in answers if answer.status_code == 409)
    assert "the object has been modified" in status(lost, 409, "Conflict")["message"]


def test_a_replace_without_a_version_is_for_built_in_kinds_only(api, namespace):
    maps, routes = f"/api/v1/namespaces/{namespace}/configmaps", f"{ISTIO}/{namespace}/virtualservices"
    api.call("POST", maps, json=config_map("a"))
    api.call("POST", routes, json=virtual_service("a", 1))
    assert api.call("PUT", f"{maps}/a", json=config_map("a", k="v")).status_code == 200
    body = status(api.call("PUT", f"{routes}/a", json=virtual_service("a", 2)), 422, "Invalid")
    assert body["details"]["causes"][0]["field"] == "metadata.resourceVersion"


def test_every_istio_version_shows_the_same_object(api, namespace):
    manifest = virtual_service("a", 1) | {"apiVersion": "networking.istio.io/v1beta1"}
    path = f"/apis/networking.istio.io/v1beta1/namespaces/{namespace}/virtualservices"
    assert api.call("POST", path, json=manifest).json()["apiVersion"] == "networking.istio.io/v1beta1"
    for version in ("v1", "v1alpha3"):
        items = api.get(f"/apis/networking.istio.io/{version}/namespaces/{namespace}/virtualservices")["items"]
        assert [item["apiVersion"] for item in items] == [f"networking.istio.io/{version}"]


def test_a_list_comes_in_pages_that_are_one_snapshot(api, namespace):
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    for number in range(7):
        api.call("POST", path, json=config_map(f"n{number}"))
    page = api.get(f"{path}?limit=3")
    assert page["metadata"]["remainingItemCount"] == 4
    api.call("DELETE", f"{path}/n5")
    api.call("POST", path, json=config_map("n4a"))
    names = [item["metadata"]["name"] for item in page["items"]]
    while token := page["metadata"].get("continue"):
        page = api.get(f"{path}?limit=3&continue={token}")
        names += [item["metadata"]["name"] for item in page["items"]]
    assert names == [f"n{number}" for number in range(7)]


def test_items_of_a_built_in_kinds_list_say_no_kind(api):
    listed = api.get("/api/v1/namespaces/seeded/pods")
    assert listed["kind"] == "PodList"
    assert "kind" not in listed["items"][0]
    assert api.get(f"{ISTIO}/seeded/virtualservices")["items"][0]["kind"] == "VirtualService"


def test_selectors_choose(api):
    def names(query):
        return [item["metadata"]["name"] for item in api.get(f"/api/v1/pods?{query}")["items"]]

    assert names("labelSelector=app%20in%20(web,x),version!=v2") == ["web-1"]
    assert names("fieldSelector=status.phase=Pending,metadata.namespace=seeded") == ["far-1"]
    assert names("fieldSelector=spec.nodeName=demo") == ["web-1"]
    assert names("labelSelector=!app") == []


def test_a_collection_can_be_deleted_by_selector(api, namespace):
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    for name, label in (("a", "x"), ("b", "y"), ("c", "x")):
        manifest = config_map(name)
        manifest["metadata"]["labels"] = {"group": label}
        api.call("POST", path, json=manifest)
    assert api.call("DELETE", f"{path}?labelSelector=group=x").status_code == 200
    assert [item["metadata"]["name"] for item in api.get(path)["items"]] == ["b"]


def test_a_watch_begins_resumes_and_ends_in_time(api, namespace):
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    api.call("POST", path, json=config_map("a"))
    started = time.monotonic()
    first = events(api, path)
    assert time.monotonic() - started < 3
    assert [(event["type"], event["object"]["metadata"]["name"]) for event in first] == [("ADDED", "a")]
    version = first[0]["object"]["metadata"]["resourceVersion"]
    api.call("PATCH", f"{path}/a", json={"data": {"k": "v"}}, headers=MERGE)
    api.call("DELETE", f"{path}/a")
    resumed = events(api, f"{path}?resourceVersion={version}")
    assert [event["type"] for event in resumed] == ["MODIFIED", "DELETED"]
    assert all(event["object"]["kind"] == "ConfigMap" for event in resumed)


def test_a_watch_list_ends_its_initial_events_with_a_bookmark(api):
    query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    seen = events(api, f"/api/v1/namespaces/seeded/pods?{query}")
    assert [event["type"] for event in seen[:3]] == ["ADDED", "ADDED", "BOOKMARK"]
    assert seen[2]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert {event["type"] for event in seen[3:]} == {"BOOKMARK"}


def test_what_is_too_old_is_gone_for_watches_and_lists(api, namespace):
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    api.call("POST", path, json=config_map("a"))
    api.call("POST", path, json=config_map("b"))
    page = api.get(f"{path}?limit=1")
    version, token = page["metadata"]["resourceVersion"], page["metadata"]["continue"]
    with requests.Session() as session:
        session.headers.update({"Authorization": "Bearer demo-admin"} | MERGE)
        for number in range(HISTORY + 1):
            session.patch(f"{api.url}{path}/a", json={"data": {"n": str(number)}}, timeout=5)
    [event] = events(api, f"{path}?resourceVersion={version}")
    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")
    status(api.call("GET", f"{path}?limit=1&continue={token}"), 410, "Expired")
    status(api.call("GET", f"{path}?resourceVersion={version}&resourceVersionMatch=Exact"), 410, "Expired")


def test_tables_and_bare_metadata_are_what_kubectl_asks_for(api):
    accept = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"}
    table = api.get("/api/v1/namespaces/seeded/pods", headers=accept)
    assert table["kind"] == "Table"
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Status", "IP", "Node", "Age"]
    assert table["rows"][1]["cells"][:4] == ["web-1", "Running", "127.0.0.1", "demo"]
    accept = {"Accept": "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"}
    partial = api.get("/api/v1/namespaces/seeded/pods", headers=accept)
    assert partial["kind"] == "PartialObjectMetadataList"
    assert set(partial["items"][0]) == {"apiVersion", "kind", "metadata"}
    status(api.call("GET", "/api/v1/pods", headers={"Accept": "text/html"}), 406, "NotAcceptable")


def test_warnings_tell_of_pruned_fields(api, namespace):
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    answer = api.call("POST", path, json=config_map("a") | {"datas": {}})
    assert answer.headers["Warning"] == '299 - "unknown field \\"datas\\""'
    status(api.call("POST", f"{path}?fieldValidation=Strict", json=config_map("b") | {"datas": {}}), 400, "BadRequest")
    status(api.call("POST", f"{path}?dryRun=some", json=config_map("b")), 422, "Invalid")


def test_a_thousand_objects_are_listed_in_time(api, namespace):
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    with requests.Session() as session:
        session.headers.update({"Authorization": "Bearer demo-admin"})
        for number in range(1000):
            session.post(api.url + path, json=config_map(f"n{number}", key="value"), timeout=5)
        times = []
        for _ in range(5):
            started = time.perf_counter()
            assert len(session.get(api.url + path, timeout=5).json()["items"]) == 1000
            times.append(time.perf_counter() - started)
    assert min(times) < 0.1


@pytest.mark.parametrize(
    ("token", "method", "path", "allowed"),
    [
        ("demo-viewer", "GET", f"{ISTIO}/seeded/virtualservices", True),
        ("demo-viewer", "GET", "/api/v1/namespaces/seeded/pods/web-1/log?container=web", True),
        ("demo-viewer", "GET", "/api/v1/namespaces/seeded/secrets", False),
        ("demo-viewer", "DELETE", f"{ISTIO}/seeded/virtualservices/absent", False),
        ("demo-operator", "DELETE", f"{ISTIO}/seeded/virtualservices/absent", True),
        ("demo-operator", "DELETE", "/api/v1/namespaces/seeded/pods/absent", False),
        ("demo-operator", "DELETE", "/apis/gateway.networking.k8s.io/v1/namespaces/seeded/httproutes/absent", True),
        ("demo-meshui", "GET", "/api/v1/secrets", True),
        ("demo-meshui", "DELETE", f"{ISTIO}/seeded/virtualservices/absent", False),
        ("demo-admin", "DELETE", "/api/v1/namespaces/seeded/pods/absent", True),
    ],
)
def test_roles_may_what_the_table_says(api, token, method, path, allowed):
    answer = api.call(method, path, token=token)
    assert (answer.status_code != 403) is allowed, answer.text
    if not allowed:
        assert status(answer, 403, "Forbidden")["message"].find("cannot") > 0


@pytest.mark.parametrize(
    ("token", "headers", "code"),
    [
        ("demo-meshui", {"Impersonate-User": "operator", "Impersonate-Group": "meshui:operators"}, 404),
        ("demo-meshui", {"Impersonate-User": "alice", "Impersonate-Group": "meshui:operators"}, 404),
        ("demo-meshui", {"Impersonate-User": "operator"}, 404),
        ("demo-meshui", {"Impersonate-User": "viewer", "Impersonate-Group": "meshui:viewers"}, 403),
        ("demo-meshui", {"Impersonate-User": "alice"}, 403),
        ("demo-meshui", {"Impersonate-User": "alice", "Impersonate-Group": "system:masters"}, 403),
        ("demo-meshui", {"Impersonate-Group": "meshui:operators"}, 400),
        ("demo-viewer", {"Impersonate-User": "operator", "Impersonate-Group": "meshui:operators"}, 403),
        ("demo-admin", {"Impersonate-User": "root", "Impersonate-Group": "system:masters"}, 404),
    ],
)
def test_impersonation_needs_the_right_and_gives_the_others_rights(api, token, headers, code):
    answer = api.call("DELETE", f"{ISTIO}/seeded/virtualservices/absent", token=token, headers=headers)
    assert answer.status_code == code, answer.text


def test_logs_are_the_containers_file(api):
    folder = api.state / "logs" / "seeded" / "web-1"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "istio-proxy.log").write_text("one\ntwo\n")
    path = "/api/v1/namespaces/seeded/pods/web-1/log"
    answer = api.call("GET", f"{path}?container=istio-proxy&tailLines=1")
    assert (answer.text, answer.headers["Content-Type"]) == ("two\n", "text/plain; charset=utf-8")
    assert api.call("GET", f"{path}?container=web").text == ""
    status(api.call("GET", path), 400, "BadRequest")
    status(api.call("GET", f"{path}?container=web&previous=true"), 400, "BadRequest")
    status(api.call("GET", f"{path}?container=../x"), 400, "BadRequest")
    status(api.call("GET", f"{path}?container=web&tailLines=-1"), 400, "BadRequest")
    status(api.call("GET", "/api/v1/namespaces/seeded/pods/absent/log"), 404, "NotFound")


class Echo(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"path": self.path, "headers": dict(self.headers)}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_a_pods_port_is_reached_through_its_proxy(api):
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        path = f"/api/v1/namespaces/seeded/pods/web-1:{server.server_port}/proxy/config_dump?resource=x&resource=y"
        seen = api.get(path, token="demo-meshui", headers={"X-Kept": "1"})
        server.shutdown()
    assert seen["path"] == "/config_dump?resource=x&resource=y"
    assert seen["headers"]["x-kept"] == "1"
    assert "authorization" not in {name.lower() for name in seen["headers"]}


@pytest.mark.parametrize(
    ("path", "token", "code"),
    [
        ("pods/web-1:1/proxy/", "demo-admin", 503),
        ("pods/web-1:nosuch/proxy/", "demo-admin", 400),
        ("pods/far-1:80/proxy/", "demo-admin", 400),
        ("pods/absent:80/proxy/", "demo-admin", 404),
        ("pods/web-1:1/proxy/", "demo-viewer", 403),
    ],
)
def test_a_proxy_that_cannot_be_is_refused(api, path, token, code):
    assert api.call("GET", f"/api/v1/namespaces/seeded/{path}", token=token).status_code == code


def post_review(api, group, plural, spec, token=VIEWER, code=201):
    answer = api.call("POST", f"/apis/{group}/v1/{plural}", token=token, json={"spec": spec})
    assert answer.status_code == code, answer.text
    return answer.json()


def test_access_reviews_answer_as_the_server_would(api):
    may = {"resourceAttributes": {"verb": "patch", "group": "networking.istio.io", "resource": "virtualservices"}}
    group = "authorization.k8s.io"
    assert post_review(api, group, "selfsubjectaccessreviews", may)["status"] == {"allowed": False}
    assert post_review(api, group, "selfsubjectaccessreviews", may, "demo-operator")["status"] == {"allowed": True}
    of_other = may | {"user": "somebody", "groups": ["meshui:operators"]}
    assert post_review(api, group, "subjectaccessreviews", of_other, "demo-meshui")["status"] == {"allowed": True}
    post_review(api, group, "subjectaccessreviews", of_other, code=403)
    post_review(api, group, "selfsubjectaccessreviews", {}, code=422)
    post_review(api, group, "selfsubjectaccessreviews", {"resourceAttributes": 5}, code=422)
    rules = post_review(api, group, "selfsubjectrulesreviews", {"namespace": "seeded"})["status"]
    assert rules["incomplete"] is False
    assert "secrets" not in rules["resourceRules"][1]["resources"]


def test_token_reviews_know_the_tokens(api):
    def answer(token):
        return post_review(api, "authentication.k8s.io", "tokenreviews", {"token": token}, "demo-meshui")["status"]

    assert answer("demo-operator")["user"]["username"] == "operator"
    assert answer("rubbish")["authenticated"] is False
    whoami = post_review(api, "authentication.k8s.io", "selfsubjectreviews", {}, "demo-viewer")
    assert whoami["status"]["userInfo"]["groups"] == ["meshui:viewers", "system:authenticated"]


def test_discovery_names_every_resource_and_its_documents(api):
    groups = {group["name"] for group in api.get("/apis")["groups"]}
    assert {"apps", "networking.istio.io", "gateway.networking.k8s.io", "argoproj.io", "policy"} <= groups
    for path in [
        "/api/v1",
        *(f"/apis/{group}/{api.get(f'/apis/{group}')['preferredVersion']['version']}" for group in groups),
    ]:
        assert api.get(path)["resources"]
    paths = api.get("/openapi/v3")["paths"]
    assert {f"apis/networking.istio.io/{version}" for version in ("v1", "v1beta1", "v1alpha3")} <= set(paths)
    for entry in paths.values():
        assert api.get(entry["serverRelativeURL"])["openapi"] == "3.0.0"
    served = {
        item["metadata"]["name"] for item in api.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions")["items"]
    }
    assert {"virtualservices.networking.istio.io", "rollouts.argoproj.io"} <= served
