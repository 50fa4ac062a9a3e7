"""The Python environment, built once from the hashed lock; later starts only compare a stamp."""

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
RUN = ROOT / ".run"
VENV = RUN / "venv"
LOCK = ROOT / "requirements-dev.lock"
PYTHON = VENV / "bin" / "python"
UV = RUN / "uv" / "bin" / "uv"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def refuse(text: str) -> NoReturn:
    """Used wrongly: say why, and exit with 2."""
    say(text)
    raise SystemExit(2)


def read_settings() -> None:
    """Load .env of the checkout, if it exists. Lines are NAME=value in shell quoting. Variables that are set win."""
    file = ROOT / ".env"
    if not file.exists():
        return
    for place, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        name, is_set, value = line.removeprefix("export ").partition("=")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            words = shlex.split(value, comments=True)
        except ValueError:
            words = []
        if not is_set or not name.isidentifier() or len(words) > 1 or (value.strip() and not words):
            refuse(f".env, line {place}: write NAME=value, with quotes around a value that has spaces.")
        os.environ.setdefault(name, words[0] if words else "")


def keep_bytecode() -> None:
    """Let programs that we start keep their compiled modules in .run: without, each start compiles all packages."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(RUN / "pycache"))


def ensure() -> None:
    """Install what the lock names, unless that was done already. Needs a package registry only then."""
    stamp, wanted = VENV / "lock.sha256", _fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    try:
        RUN.mkdir(exist_ok=True)
    except PermissionError:
        raise SystemExit(f"{RUN} can't be written. Work in a checkout of your own.") from None
    say("Setting up the environment (once, about half a minute) …")
    if VENV.exists():
        shutil.rmtree(VENV)
    install(LOCK, VENV)
    stamp.write_text(wanted)
    say("  done.")


def install(lock: Path, venv: Path) -> None:
    """A virtual environment with what the lock names, and nothing else."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    python, uv = str(venv / "bin" / "python"), _uv()
    say(f"  installing the packages of {lock.name} …")
    options = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(lock)]
    if uv:
        command = [uv, "pip", "install", "--quiet", "--python", python, *options]
    else:
        command = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", *options]
    if subprocess.run(command, env=_uv_environment(), check=False).returncode:
        raise SystemExit("The packages could not be installed. A package registry is needed for this one step.")


def _fingerprint() -> str:
    return hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()


def _uv() -> str | None:
    """uv where it can be had: it installs in seconds what takes pip a minute."""
    if found := shutil.which("uv"):
        return found
    if not UV.exists():
        say("  fetching uv …")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(RUN / "uv"), "uv"]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode:
            say("  uv can't be had, going on with pip (slower)")
            return None
    return str(UV) if UV.exists() else None


def _uv_environment() -> dict[str, str]:
    """uv does not read pip's configuration: pass its index on."""
    environment = {**os.environ, "UV_SYSTEM_CERTS": "1", "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    configured = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    if index := os.environ.get("PIP_INDEX_URL") or configured:
        environment.setdefault("UV_DEFAULT_INDEX", index)
    return environment
