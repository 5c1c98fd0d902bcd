"""Launchers of Dagster by configuration alone: each file loads with its config validated, and says what the others say."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import dagster as dg
import pytest
import yaml

DEPLOY: Final = Path(__file__).parents[2] / "deploy"
HELM: Final = DEPLOY / "helm" / "values.yaml"
CHART: Final[Mapping[str, Any]] = {
    "global": {"dagsterHome", "postgresqlSecretName"},
    "generatePostgresqlPasswordSecret": None,
    "postgresql": {
        *("enabled", "postgresqlScheme", "postgresqlHost", "postgresqlUsername", "postgresqlDatabase", "service"),
    },
    "dagster-user-deployments": {
        "enabled": None,
        "deployments": {
            *("name", "image", "codeServerArgs", "port", "includeConfigInLaunchedRuns", "env", "envSecrets"),
        },
    },
    "runLauncher": {
        "type": None,
        "config": {"k8sRunLauncher": {"imagePullPolicy", "loadInclusterConfig", "runK8sConfig"}},
    },
    "dagsterWebserver": {"image", "service", "envSecrets"},
    "dagsterDaemon": {
        "image": None,
        "envSecrets": None,
        "runMonitoring": {
            *("enabled", "startTimeoutSeconds", "maxRuntimeSeconds", "pollIntervalSeconds", "freeSlotsAfterRunEndSeconds"),
        },
        "runRetries": {"enabled", "maxRetries", "retryOnAssetOrOpFailure"},
    },
    "concurrency": {
        "enabled": None,
        "pools": {"defaultLimit", "granularity"},
        "runs": {"maxConcurrentRuns": None, "tagConcurrencyLimits": {"key", "value", "limit"}},
    },
    "computeLogManager": {"type"},
    "pythonLogs": {"dagsterHandlerConfig"},
    "retention": {"enabled": None, "schedule": {"purgeAfterDays"}, "sensor": {"purgeAfterDays"}},
    "telemetry": {"enabled"},
}
"""The keys of Dagster's chart, of those that are used here: by its templates and its schema, helm/dagster in
github.com/dagster-io/dagster (templates/configmap-instance.yaml at 99dc34fc9b04, schema/schema/charts at 0f2d9d8ee175 and
007010702fbd). Most of what it does not know, a chart passes over in silence."""


def settings(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


@pytest.fixture
def launched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_database_url: str) -> Any:
    """Returns the launcher of an instance that is configured by some files, one behind the other."""
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", re.sub(r"^[^:]+", "postgresql+psycopg2", empty_database_url))

    def load(*parts: str) -> Any:
        whole = "\n".join((DEPLOY / part).read_text(encoding="utf-8") for part in parts)
        (tmp_path / "dagster.yaml").write_text(whole, encoding="utf-8")
        with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
            return instance.run_launcher

    return load


def test_celery(launched: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://:secret@broker:6379/0")
    launcher = launched("celery/dagster.yaml")
    assert type(launcher).__name__ == "CeleryRunLauncher"
    assert (launcher.broker, launcher.backend) == ("redis://:secret@broker:6379/0",) * 2
    assert launcher.default_queue == "dagster"


def test_docker(launched: Any) -> None:
    launcher = launched("dagster.yaml", "docker/run_launcher.yaml")
    assert type(launcher).__name__ == "DockerRunLauncher"
    assert (launcher.image, launcher.networks) == ("asset-sync", ["asset-sync_default"])
    assert "DATABASE_URL" in launcher.env_vars


def test_kubernetes(launched: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    in_a_cluster(monkeypatch, tmp_path)
    launcher = launched("dagster.yaml", "k8s/run_launcher.yaml")
    assert type(launcher).__name__ == "K8sRunLauncher"
    assert (launcher.job_namespace, launcher.env_secrets) == ("asset-sync", ["asset-sync"])
    assert launcher.run_k8s_config["pod_spec_config"] == {"termination_grace_period_seconds": 120}


def in_a_cluster(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Have a process find itself in a cluster, where the launcher asks for its account."""
    from kubernetes.config import incluster_config

    for name in ("SERVICE_TOKEN_FILENAME", "SERVICE_CERT_FILENAME"):
        (folder / name).write_text("told", encoding="utf-8")
        monkeypatch.setattr(incluster_config, name, str(folder / name))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "1")


@pytest.mark.parametrize("part", ["docker", "k8s"])
def test_what_is_wrong_is_refused_when_it_loads(part: str, tmp_path: Path) -> None:
    wrong = settings(DEPLOY / part / "run_launcher.yaml")
    wrong["run_launcher"]["config"]["imagination"] = "asset-sync"
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(wrong), encoding="utf-8")
    with (
        pytest.raises(dg.DagsterInvalidConfigError, match="imagination"),
        dg.DagsterInstance.from_config(str(tmp_path)) as opened,
    ):
        assert opened.run_launcher


def test_the_containers_have_the_names_that_compose_gives() -> None:
    composed = settings(DEPLOY / "compose.yaml")
    config = settings(DEPLOY / "docker" / "run_launcher.yaml")["run_launcher"]["config"]
    assert config["image"] == composed["x-asset-sync"]["image"]
    assert config["network"] == f"{composed['name']}_default"
    (volume,) = config["container_kwargs"]["volumes"]
    assert volume == f"{composed['name']}_{composed['x-asset-sync']['volumes'][0]}"


def unknown(told: Any, known: Any, place: str = "") -> Iterator[str]:
    """Yield where a chart's values have a key that it does not know."""
    for each in told if isinstance(told, list) else [told]:
        if not isinstance(each, dict) or known is None:
            continue
        for key, value in each.items():
            if key not in known:
                yield f"{place}.{key}"
            elif isinstance(known, dict):
                yield from unknown(value, known[key], f"{place}.{key}")


def test_the_chart_knows_every_key_of_the_values() -> None:
    values = settings(HELM)
    assert list(unknown(values, CHART)) == []
    values["dagsterDaemon"]["runMonitoring"]["maxRunTime"] = 1
    values["dagster-user-deployments"]["deployments"][0]["envFrom"] = []
    assert list(unknown(values, CHART)) == [
        ".dagster-user-deployments.deployments.envFrom",
        ".dagsterDaemon.runMonitoring.maxRunTime",
    ]


def snake(told: Any) -> Any:
    """Return values with their keys as dagster.yaml has them."""
    if isinstance(told, list):
        return [snake(each) for each in told]
    if not isinstance(told, dict):
        return told
    return {_snake(key): snake(each) for key, each in told.items()}


def _snake(key: str) -> str:
    if key == "applyLimitPerUniqueValue":
        return key
    return re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", key)


def test_the_values_say_what_the_file_for_celery_says() -> None:
    values, celery = snake(settings(HELM)), settings(DEPLOY / "celery" / "dagster.yaml")
    assert values["concurrency"].pop("enabled")
    assert values["concurrency"] == celery["concurrency"]
    daemon = values["dagster_daemon"]
    monitoring = daemon["run_monitoring"]
    for key in ("enabled", "max_runtime_seconds", "free_slots_after_run_end_seconds"):
        assert monitoring[key] == celery["run_monitoring"][key]
    assert daemon["run_retries"] == celery["run_retries"]
    assert values["python_logs"]["dagster_handler_config"] == celery["python_logs"]["dagster_handler_config"]
    for name in ("schedule", "sensor"):
        assert values["retention"][name] == celery["retention"][name]
    assert values["telemetry"] == celery["telemetry"]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("helm") is None, reason="helm is not installed")
def test_the_chart_takes_the_values() -> None:
    command = ["helm", "template", "dagster", "dagster", "--repo", "https://dagster-io.github.io/helm", "-f", str(HELM)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "no such host" in done.stderr or "connection refused" in done.stderr:
        pytest.skip("the chart's repository is not reached")
    assert done.returncode == 0, done.stderr
    made = [each for each in yaml.safe_load_all(done.stdout) if each]
    assert "asset_sync.definitions" in str([each for each in made if each["kind"] == "Deployment"])
