"""Containers, as an engine tells them over a real Unix socket; and engines that do not, or not well."""

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from asset_sync.systems.hosts import collect, parse
from asset_sync_tests.systems.hosts.engine import drips, engine, floods, hangs
from asset_sync_tests.systems.hosts.example import document, written
from asset_sync_tests.systems.hosts.machines import unread

ID = "a1" * 32
IMAGE = "sha256:" + "cd" * 32
DIGEST = "sha256:" + "ef" * 32
COMPOSE = {
    "com.docker.compose.project": "shop",
    "com.docker.compose.service": "web",
    "com.docker.compose.container-number": "2",
    "com.docker.compose.project.working_dir": "/srv/shop",
    "com.docker.compose.oneoff": "False",
}
DOCKER = {"Version": "27.3.1", "Components": [{"Name": "Engine", "Version": "27.3.1"}]}
PODMAN = {"Version": "5.2.2", "Components": [{"Name": "Podman Engine", "Version": "5.2.2"}]}

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there are no such sockets")


def listed(**changed: Any) -> dict[str, Any]:
    told = {"Id": ID, "Names": ["/other/web", "/shop-web-2"], "Image": "nginx:1.25", "ImageID": IMAGE, "State": "running"}
    return {**told, "Labels": COMPOSE, "Command": "nginx --password=hunter2", **changed}


def details(config: dict[str, Any] | None = None, settings: Any = None, **limits: Any) -> dict[str, Any]:
    return {
        "Id": ID,
        "Path": "nginx",
        "Args": ["--password=hunter2"],
        "Config": {"Image": "nginx:1.25", "Env": ["DB_PASSWORD=hunter2"], "ExposedPorts": {"443/tcp": {}}, **(config or {})},
        "HostConfig": {
            "NanoCpus": 0, "CpuQuota": 0, "CpuPeriod": 0, "Memory": 0,
            "RestartPolicy": {"Name": "unless-stopped", "MaximumRetryCount": 0},
            "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}, **limits,
        },
        "Mounts": [
            {"Type": "bind", "Source": "/srv/shop/html", "Destination": "/html", "Mode": "ro", "RW": False},
            {"Type": "volume", "Name": "data", "Source": "/var/lib/docker/volumes/data/_data", "Destination": "/d", "RW": True},
            {"Type": "tmpfs", "Source": "", "Destination": "/tmp/x", "RW": True},
        ],
        "NetworkSettings": settings or {
            "Ports": {"80/tcp": [{"HostIp": ip, "HostPort": "8080"} for ip in ("0.0.0.0", "::")], "443/tcp": None},
            "Networks": {"shop_default": {
                "IPAddress": "172.18.0.2", "IPPrefixLen": 16, "GlobalIPv6Address": "fd00:18::2", "GlobalIPv6PrefixLen": 64,
                "MacAddress": "02:42:ac:12:00:02",
            }},
        },
    }  # fmt: skip


def answers(*containers: tuple[Any, Any], version: Any = DOCKER, digests: Any = (f"nginx@{DIGEST}",)) -> dict[str, Any]:
    told = {"/version": version, "/containers/json?all=true": [each for each, _ in containers]}
    told |= {f"/containers/{each['Id']}/json": inspected for each, inspected in containers}
    return {**told, f"/images/{IMAGE}/json": {"Id": IMAGE, "RepoDigests": list(digests)}}


@pytest.fixture
def collected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Any, dict[str, str]]]:
    """Containers and what is unread, of a machine whose Docker answers this."""
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)

    def tell(told: dict[str, Any]) -> tuple[Any, dict[str, str]]:
        with engine(tmp_path / "var/run/docker.sock", told):
            found = read(tmp_path)
        (tmp_path / "var/run/docker.sock").unlink()
        return found

    return tell


def read(root: Path) -> tuple[Any, dict[str, str]]:
    missing = collect.Unread()
    found = missing.read_list("/containers", lambda: collect.containers(missing, root))
    # Whatever an engine says, the document can be read.
    assert parse(written(document(containers=found, unread=missing.told))).document.containers is not None or found is None
    return found, unread(missing)


def test_a_container_of_compose(collected: Any) -> None:
    found, missing = collected(answers((listed(), details(NanoCpus=1_500_000_000, Memory=536870912))))
    assert found == [{
        "engine": "docker", "id": ID, "name": "shop-web-2", "image": "nginx:1.25", "image_id": IMAGE, "digest": DIGEST,
        "state": "running",
        "compose": {"project": "shop", "service": "web", "number": 2, "working_dir": "/srv/shop"},
        "cpus": 1.5, "memory": 536870912, "restart_policy": "unless-stopped",
        "ports": [
            {"host_ip": None, "host_port": 8080, "container_port": 80, "protocol": "tcp"},
            {"host_ip": None, "host_port": None, "container_port": 443, "protocol": "tcp"},
        ],
        "volumes": [
            {"type": "bind", "source": "/srv/shop/html", "destination": "/html", "read_only": True},
            {"type": "volume", "source": "data", "destination": "/d", "read_only": False},
            {"type": "tmpfs", "source": None, "destination": "/tmp/x", "read_only": False},
        ],
        "labels": COMPOSE,
        "networks": [
            {"name": "shop_default", "addresses": ["172.18.0.2/16", "fd00:18::2/64"], "mac": "02:42:ac:12:00:02"}
        ],
    }]  # fmt: skip
    assert missing == {}


def test_no_secret_is_told(collected: Any) -> None:
    secrets = {"DB_PASSWORD": "hunter2", "traefik.http.middlewares.a.basicauth.users": "hunter2", "my.api-key": "hunter2"}
    found, missing = collected(answers((listed(Labels={**COMPOSE, **secrets}), details())))
    assert "hunter2" not in json.dumps(found)
    assert found[0]["labels"] == COMPOSE
    assert missing == {f"/containers/0/labels/{name}": "its name speaks of a secret" for name in secrets}


@pytest.mark.parametrize(
    ("limits", "cpus", "memory"),
    [
        ({}, None, None),
        ({"NanoCpus": 250_000_000}, 0.25, None),
        ({"CpuQuota": 150_000, "CpuPeriod": 50_000}, 3.0, None),
        ({"CpuQuota": 50_000}, 0.5, None),
        ({"CpuQuota": -1}, None, None),
        ({"Memory": 268435456}, None, 268435456),
    ],
)
def test_limits(collected: Any, limits: dict[str, Any], cpus: float | None, memory: int | None) -> None:
    found, missing = collected(answers((listed(), details(**limits))))
    assert (found[0]["cpus"], found[0]["memory"]) == (cpus, memory)
    assert missing == {}


@pytest.mark.parametrize("state", ["created", "running", "paused", "restarting", "removing", "exited", "dead"])
def test_states(collected: Any, state: str) -> None:
    found, missing = collected(answers((listed(State=state), details())))
    assert (found[0]["state"], missing) == (state, {})


def test_a_state_that_nobody_knows_is_null_with_the_reason(collected: Any) -> None:
    found, missing = collected(answers((listed(State="pondering"), details())))
    assert found[0]["state"] is None
    assert missing == {"/containers/0/state": "'pondering' is no state that is known"}


def test_a_stopped_container_has_the_ports_that_it_will_have(collected: Any) -> None:
    ran, _ = collected(answers((listed(), details())))
    stopped, _ = collected(answers((listed(State="exited"), details(settings={"Ports": {}, "Networks": {}}))))
    assert stopped[0]["ports"] == ran[0]["ports"]
    assert stopped[0]["networks"] == []


def test_ports_of_one_address_and_of_udp_and_chosen_at_start(collected: Any) -> None:
    bindings = {
        "53/udp": [{"HostIp": "192.0.2.1", "HostPort": "53"}, {"HostIp": "2001:db8::1", "HostPort": "53"}],
        "8000/tcp": [{"HostIp": "", "HostPort": ""}],
    }
    found, _ = collected(
        answers((listed(State="exited"), details({"ExposedPorts": None}, {"Ports": {}}, PortBindings=bindings)))
    )
    assert [tuple(each.values()) for each in found[0]["ports"]] == [
        ("192.0.2.1", 53, 53, "udp"), ("2001:db8::1", 53, 53, "udp"), (None, None, 8000, "tcp"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("image", "digests", "told"),
    [
        ("nginx:1.25", [f"nginx@{DIGEST}", "mirror.example/nginx@sha256:00"], DIGEST),
        ("nginx", [f"docker.io/library/nginx@{DIGEST}", "x@sha256:00"], DIGEST),
        ("registry.example:5000/shop/web:2", [f"registry.example:5000/shop/web@{DIGEST}", "x@sha256:00"], DIGEST),
        (f"nginx@{DIGEST}", [], DIGEST),
        ("built-here", [], None),
        ("retagged", [f"nginx@{DIGEST}"], DIGEST),
    ],
)
def test_digests(collected: Any, image: str, digests: list[str], told: str | None) -> None:
    found, missing = collected(answers((listed(Image=image), details({"Image": image})), digests=digests))
    assert (found[0]["digest"], missing) == (told, {})


def test_a_digest_is_not_guessed(collected: Any) -> None:
    found, missing = collected(answers((listed(), details({"Image": "mine"})), digests=["a@sha256:01", "b@sha256:02"]))
    assert found[0]["digest"] is None
    assert missing == {"/containers/0/digest": "its image has 2 digests"}


def test_a_podman_compose_container(collected: Any) -> None:
    labels = {
        "io.podman.compose.project": "shop",
        "com.docker.compose.service": "db",
        "com.docker.compose.container-number": "1",
    }
    found, _ = collected(answers((listed(Labels=labels), details()), version=PODMAN))
    assert found[0]["engine"] == "podman"
    assert found[0]["compose"] == {"project": "shop", "service": "db", "number": 1, "working_dir": None}


def test_a_container_of_nobodys_project(collected: Any) -> None:
    found, _ = collected(answers((listed(Labels=None), details())))
    assert (found[0]["compose"], found[0]["labels"]) == (None, {})


def test_one_that_vanishes_after_it_was_listed_is_gone_and_the_others_are_there(collected: Any) -> None:
    gone = listed(Id="b2" * 32)
    found, missing = collected(answers((gone, 404), (listed(), details())))
    assert [each["id"] for each in found] == [ID]
    assert missing == {}


def test_one_that_the_engine_fails_at_keeps_what_the_list_said(collected: Any) -> None:
    found, missing = collected(answers((listed(), 500), (listed(Id="b2" * 32), details())))
    assert [each["state"] for each in found] == ["running", "running"]
    assert found[0]["compose"]["project"] == "shop"
    lost = ("cpus", "memory", "restart_policy", "ports", "volumes", "networks")
    assert {name: found[0][name] for name in lost} == dict.fromkeys(lost)
    assert missing == {f"/containers/0/{name}": "it answered with status 500" for name in lost}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"/containers/json?all=true": 500}, "it answered with status 500"),
        ({"/version": 404}, "it answered with status 404"),
        ({"/version": []}, "the answer has another shape"),
        ({"/containers/json?all=true": {"message": "no"}}, "the answer has another shape"),
        ({"/containers/json?all=true": [{}]}, "the answer has another shape: KeyError: 'Id'"),
        ({"/containers/json?all=true": [listed()] * 4097}, "there are 4097; the limit is 4096"),
        ({"/containers/json?all=true": hangs()}, "it did not answer within 0.3 s"),
        ({"/version": drips}, "did not answer within 0.6 s"),
        ({"/version": floods}, "it answered with more than 1 MB"),
    ],
)
def test_an_engine_that_fails_or_hangs_makes_containers_unread(
    collected: Any, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], told: str
) -> None:
    if "did not answer" in told:
        monkeypatch.setattr(collect, "COMMAND_SECONDS", 0.3)
        monkeypatch.setattr(collect, "ENGINE_SECONDS", 0.6)
    monkeypatch.setattr(collect, "ENGINE_BYTES", 2**20 if "MB" in told else collect.ENGINE_BYTES)
    began = time.monotonic()
    found, missing = collected({**answers((listed(), details())), **changed})
    assert time.monotonic() - began < 10
    assert found is None
    assert told in missing["/containers"]
    assert "docker.sock: " in missing["/containers"]


def test_odd_values_of_a_container_cost_themselves_alone(collected: Any) -> None:
    labels = {"ok": "yes", "lines": "a\nb", "x\u202ey": "z", "long": "x" * 5000, "number": 7, "a/b~c": "\x00"}
    odd = details({"Image": "im\x07age"}, {"Ports": {"icmp/8": None}, "Networks": {"n": {"MacAddress": "no"}}}, CpuQuota="many")
    found, missing = collected(answers((listed(Labels=labels), odd)))
    assert found[0]["labels"] == {"ok": "yes"}
    assert [found[0][name] for name in ("image", "ports", "networks", "cpus")] == [None] * 4
    assert found[0]["memory"] is None
    assert "/containers/0/labels/a~1b~0c" in missing
    assert {"/containers/0/image", "/containers/0/ports", "/containers/0/networks", "/containers/0/cpus"} <= set(missing)


# Which sockets are asked.


@pytest.fixture
def without_variables(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    for name in ("DOCKER_HOST", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch  # type: ignore[return-value]


@pytest.mark.usefixtures("without_variables")
def test_without_a_socket_containers_are_unread(tmp_path: Path) -> None:
    assert read(tmp_path) == (None, {"/containers": "there is no socket of Docker or Podman"})


@pytest.mark.usefixtures("without_variables")
def test_a_socket_that_nobody_serves_makes_containers_unread(tmp_path: Path) -> None:
    with engine(tmp_path / "var/run/docker.sock", {}):
        pass
    found, missing = read(tmp_path)
    assert found is None
    assert missing["/containers"].endswith("docker.sock: Connection refused")


def test_docker_and_podman_side_by_side(tmp_path: Path, without_variables: pytest.MonkeyPatch) -> None:
    without_variables.setenv("XDG_RUNTIME_DIR", str(tmp_path / "user"))
    own = listed(Id="b2" * 32, State="odd")
    with (
        engine(tmp_path / "var/run/docker.sock", answers((listed(), details()))),
        engine(tmp_path / "user/podman/podman.sock", answers((own, details()), version=PODMAN)),
    ):
        found, missing = read(tmp_path)
    assert [(each["engine"], each["id"]) for each in found] == [("docker", ID), ("podman", "b2" * 32)]
    assert list(missing) == ["/containers/1/state"]


@pytest.mark.usefixtures("without_variables")
def test_half_of_the_engines_is_none(tmp_path: Path) -> None:
    with (
        engine(tmp_path / "var/run/docker.sock", answers((listed(), details()))),
        engine(tmp_path / "run/podman/podman.sock", {}),
    ):
        found, missing = read(tmp_path)
    assert found is None
    assert missing["/containers"].endswith("podman.sock: it answered with status 404")


@pytest.mark.usefixtures("without_variables")
def test_dockers_socket_that_leads_to_podman_is_asked_once(tmp_path: Path) -> None:
    (tmp_path / "var/run").mkdir(parents=True)
    (tmp_path / "var/run/docker.sock").symlink_to(tmp_path / "run/podman/podman.sock")
    with engine(tmp_path / "run/podman/podman.sock", answers((listed(), details()), version=PODMAN)):
        found, _ = read(tmp_path)
    assert [each["engine"] for each in found] == ["podman"]


def test_docker_host_names_the_socket(tmp_path: Path, without_variables: pytest.MonkeyPatch) -> None:
    without_variables.setenv("DOCKER_HOST", f"unix://{tmp_path}/own.sock")
    with engine(tmp_path / "own.sock", answers((listed(), details()))) as asked:
        found, _ = read(tmp_path)
    assert len(found) == 1
    assert asked == ["/version", "/containers/json?all=true", f"/containers/{ID}/json", f"/images/{IMAGE}/json"]


@pytest.mark.parametrize("host", ["tcp://192.0.2.1:2375", "ssh://docker.example", "npipe:////./pipe/docker_engine"])
def test_an_engine_elsewhere_is_not_this_machines(tmp_path: Path, without_variables: pytest.MonkeyPatch, host: str) -> None:
    without_variables.setenv("DOCKER_HOST", host)
    assert read(tmp_path) == (None, {"/containers": "DOCKER_HOST names an engine without a socket on this machine"})


@pytest.mark.usefixtures("without_variables")
def test_an_image_is_asked_for_once(tmp_path: Path) -> None:
    many = [(listed(Id=f"{at:064x}"), details()) for at in range(20)]
    with engine(tmp_path / "var/run/docker.sock", answers(*many)) as asked:
        found, _ = read(tmp_path)
    assert len(found) == 20
    assert sum(each.startswith("/images/") for each in asked) == 1
