"""The units for systemd, and what kustomize makes of the manifests."""

import shutil
import subprocess
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from tests.deploy.image import program
from tests.deploy.test_manifests import NEWEST_KUBERNETES
from tools.devstack.debian import find_or_install
from tools.devstack.environment import ROOT

pytestmark = pytest.mark.long
# On the scale of systemd-analyze (0 to 100), below 50 is "OK".
EXPOSURE = 30


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units as in /etc/systemd/system, with stand-ins for the programs that they start."""
    there = tmp_path / "system"
    shutil.copytree(ROOT / "deploy" / "systemd", there)
    home = tmp_path / "kapso-mirror"
    for name in (".venv/bin/python", "mirror"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy("/bin/true", home / name)
    for file in there.rglob("*.*"):
        if file.is_file():
            text = file.read_text(encoding="utf-8")
            file.write_text(text.replace("/opt/kapso-mirror", str(home)).replace("User=kapso-mirror", "User=daemon"))
    return there


def asked(*command: str | Path, **environment: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment or None)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_systemd_takes_the_units_and_finds_them_shut_in(units: Path) -> None:
    analyze = find_or_install(["systemd-analyze"], ["systemd"])
    assert analyze, "systemd-analyze is needed: apt-get install systemd"
    names = ["kapso-mirror-migrate.service", "kapso-mirror-web.service", "kapso-mirror-worker@1.service"]
    shutil.copy(units / "kapso-mirror-worker@.service", units / names[-1])
    path = {"SYSTEMD_UNIT_PATH": f"{units}:/usr/lib/systemd/system"}
    said = asked(analyze, "verify", "--man=no", *(units / name for name in names), **path)
    assert "kapso" not in said, said
    for name in names:
        asked(analyze, "security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE}", units / name, **path)


def test_kustomize_makes_manifests_that_kubernetes_takes() -> None:
    kubectl = program("kubectl")
    made = list(yaml.safe_load_all(asked(kubectl, "kustomize", ROOT / "deploy" / "kubernetes")))
    for one in made:
        kubernetes_validate.validate(one, NEWEST_KUBERNETES, strict=True)
    used = [one["spec"]["template"]["spec"]["containers"][0] for one in made if one["kind"] in ("Deployment", "Job")]
    (config,) = (one["metadata"]["name"] for one in made if one["kind"] == "ConfigMap")
    assert [one["envFrom"][0]["configMapRef"]["name"] for one in used] == [config] * 3
    assert {one["image"] for one in used} == {"registry.example.com/kapso-mirror:0.1.0"}
