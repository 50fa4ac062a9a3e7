"""Manifests for orchestrators: valid against their schemas, and consistent with the code."""

import json
import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from jsonschema_rs import validator_for

from config.settings import ALL, ReceiverSettings
from config.stores import StoreSettings
from tests.project.test_installation import deployed
from tools.devstack.environment import ROOT
from workers.__main__ import GRACE_SECONDS

DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
# Variables of example.env that are not settings of the mirror.
OF_SERVERS = {"POSTGRES_PASSWORD", "VALKEY_PASSWORD", "GRAFANA_PASSWORD", "MIRROR_HOST"}
OF_UVICORN = {"FORWARDED_ALLOW_IPS"}
OLDEST_KUBERNETES, NEWEST_KUBERNETES = "1.27", "1.36"


def settings() -> set[str]:
    return {name.upper() for kind in ALL for name in kind.model_fields} | OF_UVICORN


def manifests() -> list[dict[str, Any]]:
    files = sorted(KUBERNETES.glob("*.yaml"))
    found = [one for file in files for one in yaml.safe_load_all(file.read_text(encoding="utf-8"))]
    return [one for one in found if one["kind"] != "Kustomization"]


def pods() -> dict[str, dict[str, Any]]:
    """Return pod specifications by the name of their Deployment or Job."""
    return {
        one["metadata"]["name"]: one["spec"]["template"]["spec"] for one in manifests() if "template" in one["spec"]
    }


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return found


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def strictly(text: str) -> str:
    """A name for pytest."""
    return text.replace(".", "_")


@pytest.mark.parametrize("version", [OLDEST_KUBERNETES, NEWEST_KUBERNETES], ids=strictly)
def test_kubernetes_takes_the_manifests(version: str) -> None:
    for one in manifests():
        kubernetes_validate.validate(one, version, strict=True)
    assert {one["kind"] for one in manifests()} >= {
        "Deployment", "Job", "Service", "PodDisruptionBudget", "HorizontalPodAutoscaler", "NetworkPolicy"
    }  # fmt: skip


def test_kustomization_names_every_file() -> None:
    listed = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text(encoding="utf-8"))["resources"]
    assert sorted(listed) == sorted(file.name for file in KUBERNETES.glob("*.yaml") if file.stem != "kustomization")


def test_pods_have_the_least_rights_and_time_to_finish() -> None:
    assert set(pods()) == {"mirror-migrate", "mirror-web", "mirror-worker"}
    for name, pod in pods().items():
        (container,) = pod["containers"]
        rights = pod["securityContext"] | container["securityContext"]
        assert (rights["runAsNonRoot"], rights["readOnlyRootFilesystem"]) == (True, True), name
        assert (rights["capabilities"], rights["allowPrivilegeEscalation"]) == ({"drop": ["ALL"]}, False), name
        assert pod["automountServiceAccountToken"] is False, name
        assert container["resources"].keys() == {"requests", "limits"}, name
    assert pods()["mirror-worker"]["terminationGracePeriodSeconds"] > GRACE_SECONDS + 10


def test_compose_file_is_one_by_its_specification() -> None:
    schema = json.loads((Path(__file__).parent / "vendor" / "compose-spec.json").read_text(encoding="utf-8"))
    errors = [f"{error.instance_path}: {error.message}" for error in validator_for(schema).iter_errors(compose())]
    assert errors == []


def test_compose_gives_each_process_the_least_rights_and_time_to_finish() -> None:
    services = compose()["services"]
    for name in ("migrate", "web", "worker"):
        assert (services[name]["read_only"], services[name]["cap_drop"]) == (True, ["ALL"]), name
        assert seconds(services[name]["stop_grace_period"]) > GRACE_SECONDS, name
    published = [port for one in services.values() for port in one.get("ports", ())]
    assert [port for port in published if not port.startswith("127.0.0.1:")] == ["80:80", "443:443"]
    assert [name for name, one in services.items() if "80:80" in one.get("ports", ())] == ["caddy"]


def test_processes_are_started_everywhere_as_the_procfile_starts_them() -> None:
    lines = (line.split(": ", 1) for line in (ROOT / "Procfile").read_text(encoding="utf-8").splitlines())
    procfile = {name: command.replace("python -m cli", "mirror").split() for name, command in lines}
    services = compose()["services"]
    assert [services[name]["command"] for name in ("migrate", "web", "worker")] == list(procfile.values())
    assert [pods()[f"mirror-{name}"]["containers"][0]["command"] for name in ("migrate", "web", "worker")] == list(
        procfile.values()
    )
    for unit, name in (("-migrate", "release"), ("-web", "web"), ("-worker@", "worker")):
        text = (DEPLOY / "systemd" / f"kapso-mirror{unit}.service").read_text(encoding="utf-8")
        (command,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
        assert [Path(command.split()[0]).name, *command.split()[1:]] == procfile[name]


def test_the_image_holds_all_that_is_deployed_and_no_more() -> None:
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    copied = [line.removeprefix("COPY ").split()[:-1] for line in text.splitlines() if line.startswith("COPY ")]
    here = {name for names in copied for name in names if not name.startswith("-") and name != "/opt/venv"}
    rooms = {one.name for one in deployed() if one.is_dir()}
    assert here == rooms | {"requirements.lock", "pyproject.toml", "mirror", "LICENSE", "THIRD_PARTY.md"}


def test_every_setting_that_a_manifest_gives_is_one() -> None:
    named = re.findall(r"^([A-Z_]+)=", (DEPLOY / "example.env").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(named) - OF_SERVERS <= settings()
    for name in ("migrate", "web", "worker"):
        assert set(compose()["services"][name]["environment"]) <= settings()
    asked = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yaml").read_text(encoding="utf-8")))
    assert asked <= settings() | OF_SERVERS
    kustomization = (KUBERNETES / "kustomization.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"^ +- ([A-Z_]+)=", kustomization, re.MULTILINE)) <= settings()


def test_a_place_to_say_that_a_process_lives_is_the_same_for_all() -> None:
    (alive,) = set(re.findall(r"ALIVE_FILE=(\S+)", (DEPLOY / "Containerfile").read_text(encoding="utf-8")))
    assert "alive_file" in StoreSettings.model_fields
    probe = pods()["mirror-worker"]["containers"][0]["livenessProbe"]["exec"]["command"]
    assert f"find {alive} " in probe[-1]


def test_proxies_take_bodies_as_large_as_the_receiver_does() -> None:
    limit = ReceiverSettings.model_fields["body_limit_bytes"].default // 1024**2
    assert f"client_max_body_size {limit}m;" in (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    assert f"max_size {limit}MiB" in (DEPLOY / "Caddyfile").read_text(encoding="utf-8")


def test_the_autoscaler_goes_by_a_metric_that_there_is_and_no_further_than_the_streams() -> None:
    (scaler,) = (one["spec"] for one in manifests() if one["kind"] == "HorizontalPodAutoscaler")
    metric = scaler["metrics"][0]["external"]["metric"]["name"]
    assert metric in (ROOT / "docs" / "operations" / "alerts.yaml").read_text(encoding="utf-8")
    (streams,) = re.findall(r"INBOX_SHARDS=(\d+)", (KUBERNETES / "kustomization.yaml").read_text(encoding="utf-8"))
    assert scaler["maxReplicas"] == int(streams) + 1
