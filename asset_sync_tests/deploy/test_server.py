"""What a server runs: the units of systemd start the very commands that the containers do, and they work together."""

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from configparser import RawConfigParser
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import requests
import yaml
from sqlalchemy import make_url

from asset_sync.sandbox.world import World
from asset_sync_tests.processes import end

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
PARTS: Final = ("code", "webserver", "daemon", "service")
INSTALLED: Final = "/opt/asset_sync/.venv/bin/"
TOKEN: Final = "a token of the test"


def unit(part: str) -> RawConfigParser:
    found = RawConfigParser(strict=False)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read(DEPLOY / "systemd" / f"asset-sync-{part}.service", encoding="utf-8")
    return found


def command(part: str) -> str:
    return unit(part)["Service"]["ExecStart"].removeprefix(INSTALLED)


def test_units_and_containers_run_the_same() -> None:
    composed = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    for part in PARTS:
        assert composed[part]["command"].replace("0.0.0.0", "127.0.0.1") == command(part)


def test_the_target_starts_every_unit() -> None:
    target = RawConfigParser()
    target.read(DEPLOY / "systemd" / "asset-sync.target", encoding="utf-8")
    assert target["Unit"]["Wants"].split() == [f"asset-sync-{part}.service" for part in PARTS]


def test_the_image_has_all_that_it_is_built_from_and_no_secret() -> None:
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = [name for line in lines if line.startswith("COPY") for name in line.split()[1:-1]]
    let_in = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    for name in copied:
        assert (ROOT / name).exists()
        assert f"!{name.partition('/')[0]}" in let_in
    assert "*" in let_in
    assert "!.env" not in let_in


@contextmanager
def running(folder: Path, ports: Mapping[str, str], environment: Mapping[str, str]) -> Iterator[None]:
    """Run what the units run, each on a port that is free."""
    (folder / "deploy").mkdir()
    workspace = (DEPLOY / "workspace.yaml").read_text(encoding="utf-8")
    (folder / "deploy" / "workspace.yaml").write_text(_on(ports, workspace), encoding="utf-8")
    with ExitStack() as started:
        for part in PARTS:
            program, *arguments = shlex.split(_on(ports, command(part)))
            log = started.enter_context((folder / f"{part}.log").open("wb"))
            process = subprocess.Popen(
                [Path(sys.executable).parent / program, *arguments], cwd=folder, env=environment, stdout=log, stderr=log
            )
            started.callback(end, process, 60)
        yield


def _on(ports: Mapping[str, str], text: str) -> str:
    return re.sub(r"\b(4000|3000|8400)\b", lambda found: ports[found[0]], text)


def _free_ports(*wanted: str) -> dict[str, str]:
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in wanted]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return {name: str(each.getsockname()[1]) for name, each in zip(wanted, sockets, strict=True)}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_the_units_run_carries_out_a_run_that_the_service_is_asked_for(
    tmp_path: Path, database_url: str, empty_database_url: str
) -> None:
    home, ports = tmp_path / "dagster", _free_ports("4000", "3000", "8400")
    home.mkdir()
    shutil.copy(DEPLOY / "dagster.yaml", home)
    history = make_url(empty_database_url).set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)
    with World(20, 7) as world:
        environment = {
            **os.environ,
            **world.environment(),
            "DAGSTER_HOME": str(home),
            "ASSET_SYNC_HOME": str(tmp_path / "home"),
            "ASSET_SYNC_API_TOKEN": TOKEN,
            "ASSET_SYNC_CODE_HOST": "127.0.0.1",
            "DATABASE_URL": database_url,
            "DAGSTER_POSTGRES_URL": history,
            "PYTHONWARNINGS": "ignore",
        }
        with running(tmp_path, ports, environment):
            service, webserver = (f"http://127.0.0.1:{ports[port]}" for port in ("8400", "3000"))
            _wait(lambda: _locations(webserver) == ["asset_sync"], "the webserver has no syncs", tmp_path)
            _wait(lambda: _asked(f"{service}/health").get("daemon") is True, "no daemon lives", tmp_path)
            asked = _asked(f"{service}/sync/pdq_to_netbox", {"mode": "normal"})
            _wait(lambda: _asked(f"{service}/runs/{asked['id']}").get("status") == "succeeded", "the run has no end", tmp_path)
        assert len(world.netbox.objects("plugins/inventory/assets")) > 15


def _wait(done: Callable[[], bool], told: str, folder: Path) -> None:
    until = time.monotonic() + 240
    while not done():
        logs = "\n".join(f"{file.name}: {file.read_text(encoding='utf-8')[-1500:]}" for file in folder.glob("*.log"))
        assert time.monotonic() < until, f"{told}\n{logs}"
        time.sleep(1)


def _asked(url: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    try:
        method = "GET" if body is None else "POST"
        answer = requests.request(method, url, json=body, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30)
    except requests.ConnectionError:
        return {}
    found: dict[str, Any] = answer.json()
    return found


def _locations(webserver: str) -> list[str]:
    query = "{workspaceOrError {... on Workspace {locationEntries {name locationOrLoadError {__typename}}}}}"
    found = _asked(f"{webserver}/graphql", {"query": query})
    entries = found.get("data", {}).get("workspaceOrError", {}).get("locationEntries", [])
    return [each["name"] for each in entries if (each["locationOrLoadError"] or {}).get("__typename") == "RepositoryLocation"]
