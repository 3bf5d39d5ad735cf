"""What people type. kubectl is Debian's kubernetes-client or any newer one."""

import os
import shutil
import subprocess
import time

import pytest
import yaml

from tests.demo.kube.conftest import config_map, virtual_service


@pytest.fixture(scope="session")
def program():
    found = shutil.which("kubectl")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("kubectl is not installed (apt-get install kubernetes-client)")
        pytest.skip("kubectl is not installed: apt-get install kubernetes-client")
    return found


@pytest.fixture
def kubectl(program, kubeconfig, tmp_path):
    base = [program, "--kubeconfig", str(kubeconfig), "--cache-dir", str(tmp_path / "cache")]

    def run(*arguments, code=0, text=None):
        done = subprocess.run([*base, *arguments], capture_output=True, text=True, timeout=60, input=text)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    run.base = base
    return run


def manifests(*objects):
    return yaml.safe_dump_all(objects)


def weight(kubectl, name="catalog"):
    return kubectl("get", "virtualservice", name, "-o", "jsonpath={.spec.http[0].route[0].weight}")


def test_apply_diff_and_delete(kubectl):
    first = manifests(config_map("a", k="1"), virtual_service("catalog", 90, 10))
    assert "catalog created" in kubectl("apply", "-f", "-", text=first)
    assert "catalog unchanged" in kubectl("apply", "-f", "-", text=first)
    second = manifests(config_map("a", k="1"), virtual_service("catalog", 50, 50))
    difference = kubectl("diff", "-f", "-", text=second, code=1)
    assert "-      weight: 90" in difference
    assert "+      weight: 50" in difference
    kubectl("apply", "--dry-run=server", "-f", "-", text=second)
    assert weight(kubectl) == "90"
    assert "catalog configured" in kubectl("apply", "-f", "-", text=second)
    assert weight(kubectl) == "50"
    assert "deleted" in kubectl("delete", "-f", "-", text=second)
    assert "NotFound" in kubectl("get", "virtualservice", "catalog", code=1)


def test_server_side_apply_conflicts_until_forced(kubectl):
    kubectl(
        "apply", "--server-side", "--field-manager=one", "-f", "-", text=manifests(virtual_service("catalog", 90, 10))
    )
    other = manifests(virtual_service("catalog", 50, 50))
    refused = kubectl("apply", "--server-side", "--field-manager=two", "-f", "-", text=other, code=1)
    assert 'conflict with "one"' in refused
    assert ".spec.http" in refused
    kubectl("apply", "--server-side", "--field-manager=two", "--force-conflicts", "-f", "-", text=other)
    assert weight(kubectl) == "50"


def test_patch_in_three_ways(kubectl):
    kubectl("apply", "-f", "-", text=manifests(virtual_service("catalog", 90, 10)))
    kubectl("patch", "vs", "catalog", "--type=merge", "-p", '{"metadata":{"labels":{"a":"b"}}}')
    kubectl(
        "patch",
        "vs",
        "catalog",
        "--type=json",
        "-p",
        '[{"op":"replace","path":"/spec/http/0/route/0/weight","value":80}]',
    )
    assert weight(kubectl) == "80"
    denied = kubectl(
        "patch",
        "vs",
        "catalog",
        "--type=json",
        "-p",
        '[{"op":"replace","path":"/spec/http/0/route/0/weight","value":-1}]',
        code=1,
    )
    assert 'admission webhook "validation.istio.io" denied the request' in denied
    kubectl("create", "deployment", "web", "--image=shop/web:v1")
    kubectl(
        "patch",
        "deployment",
        "web",
        "-p",
        '{"spec":{"template":{"spec":{"containers":[{"name":"extra","image":"x"}]}}}}',
    )
    kubectl("scale", "deployment", "web", "--replicas=4")
    names = kubectl(
        "get", "deployment", "web", "-o", "jsonpath={.spec.template.spec.containers[*].name} {.spec.replicas}"
    )
    assert set(names.split()) == {"web", "extra", "4"}


def test_get_watches(kubectl):
    kubectl("apply", "-f", "-", text=manifests(virtual_service("catalog", 90, 10)))
    command = [
        *kubectl.base,
        "get",
        "vs",
        "-w",
        "-o",
        "jsonpath={.metadata.name} {.spec.http[0].route[0].weight}{'\\n'}",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout.readline() == "catalog 90\n"
        kubectl("apply", "-f", "-", text=manifests(virtual_service("catalog", 20, 80)))
        assert watching.stdout.readline() == "catalog 20\n"
        watching.terminate()


def test_get_prints_and_watches_tables(kubectl):
    kubectl("apply", "-f", "-", text=manifests(virtual_service("catalog", 90, 10)))
    assert kubectl("get", "vs").splitlines()[0].split() == ["NAME", "GATEWAYS", "HOSTS", "AGE"]
    with subprocess.Popen([*kubectl.base, "get", "vs", "-w"], stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout.readline().startswith("NAME")
        assert watching.stdout.readline().startswith("catalog")
        kubectl("apply", "-f", "-", text=manifests(virtual_service("other", 1)))
        assert watching.stdout.readline().startswith("other")
        watching.terminate()


def test_logs_follow(kubectl, api):
    folder = api.state / "logs" / "seeded" / "web-1"
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "istio-proxy.log"
    log.write_text("one\ntwo\n")
    assert kubectl("logs", "-n", "seeded", "web-1", "-c", "istio-proxy", "--tail=1") == "two\n"
    command = [*kubectl.base, "logs", "-n", "seeded", "web-1", "-c", "istio-proxy", "-f", "--tail=1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout.readline() == "two\n"
        time.sleep(0.2)
        with log.open("a") as file:
            file.write("three\n")
        assert following.stdout.readline() == "three\n"
        following.terminate()


def test_bad_manifests_are_refused_by_name(kubectl):
    wrong_type = kubectl("create", "-f", "-", text=manifests(virtual_service("a", "ninety")), code=1)
    assert "spec.http[0].route[0].weight" in wrong_type


def test_can_i(kubectl):
    patch = ("auth", "can-i", "patch", "virtualservices.networking.istio.io")
    assert kubectl(*patch) == "yes\n"
    assert kubectl("--context=operator", *patch) == "yes\n"
    assert kubectl("--context=viewer", *patch, code=1).strip().endswith("no")
    impersonated = ("--context=meshui", "--as=operator", "--as-group=meshui:operators")
    assert kubectl(*impersonated, *patch) == "yes\n"
    assert "virtualservices" in kubectl("--context=operator", "auth", "can-i", "--list") or "*" in kubectl(
        "--context=operator", "auth", "can-i", "--list"
    )


def test_a_viewer_is_told_what_is_forbidden(kubectl):
    refused = kubectl("--context=viewer", "delete", "vs", "-n", "seeded", "catalog", code=1)
    assert 'User "viewer" cannot delete resource "virtualservices"' in refused


def test_kubectl_finds_its_way_around(kubectl):
    assert "v1.34" in kubectl("version")
    assert "virtualservices" in kubectl("api-resources", "--api-group=networking.istio.io")
    assert "web-1" in kubectl("get", "pods", "-A")
    assert "IP:" in kubectl("describe", "pod", "-n", "seeded", "web-1")
    assert "virtualservices.networking.istio.io" in kubectl("get", "crd")
    assert "namespace/made created" in kubectl("create", "namespace", "made")
    assert "deleted" in kubectl("delete", "namespace", "made")
