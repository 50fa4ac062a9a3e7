"""The examples for nginx and Caddy, in front of a real web process: sign-in, large bodies and headers, live pages."""

import asyncio
import os
import re
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from store.postgres import Pool
from tests.chats import chat
from tests.deploy.image import program
from tests.desk import PASSWORD, user
from tests.helpers import SECRET, until
from tests.webhooks.test_receive import signed
from tools.devstack.environment import ROOT
from tools.devstack.processes import preexec
from tools.devstack.servers import free_port

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]
NGINX = """
user root; daemon off; pid {folder}/pid; error_log {folder}/log; events {{}}
http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; include {folder}/site; }}
"""
Proxy = Callable[[Path, int, int], tuple[list[str | Path], dict[str, str], str]]
# The receiver's limit, a little less and a little more.
LARGE, TOO_LARGE = 4 * 1024**2 - 1000, 4 * 1024**2 + 1000


@asynccontextmanager
async def started(*command: str | Path, **environment: str) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=os.environ | environment, preexec_fn=preexec()
    )
    try:
        yield
        assert process.returncode is None, "it ended by itself"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def nginx(folder: Path, port: int, upstream: int) -> tuple[list[str | Path], dict[str, str], str]:
    """The command, its environment and the base URL, for the example with this machine's ports and certificate."""
    make: list[str | Path] = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
            "subjectAltName=DNS:localhost", "-keyout", folder / "key", "-out", folder / "certificate"]  # fmt: skip
    subprocess.run(make, check=True, capture_output=True)
    site = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for there, here in (
        ("443", str(port)), ("mirror.example.com", "localhost"), ("127.0.0.1:8000", f"127.0.0.1:{upstream}"),
        ("/etc/ssl/mirror.pem", f"{folder}/certificate"), ("/etc/ssl/mirror.key", f"{folder}/key"),
    ):  # fmt: skip
        assert there in site
        site = site.replace(there, here)
    (folder / "site").write_text(site, encoding="utf-8")
    (folder / "conf").write_text(NGINX.format(folder=folder), encoding="utf-8")
    subprocess.run([program("nginx"), "-t", "-q", "-c", folder / "conf"], check=True)
    return [program("nginx"), "-c", folder / "conf"], {}, f"https://localhost:{port}"


def caddy(folder: Path, port: int, upstream: int) -> tuple[list[str | Path], dict[str, str], str]:
    """Without TLS: Caddy would fetch a certificate for a name that the world knows."""
    given = {
        "MIRROR_HOST": f"http://localhost:{port}", "MIRROR_UPSTREAM": f"127.0.0.1:{upstream}",
        "CADDY_ADMIN": f"unix/{folder}/admin", "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder),
    }  # fmt: skip
    file: list[str | Path] = ["--config", ROOT / "deploy" / "Caddyfile", "--adapter", "caddyfile"]
    subprocess.run([program("caddy"), "validate", *file], check=True, env=os.environ | given, capture_output=True)
    return [program("caddy"), "run", *file], given, f"http://localhost:{port}"


@pytest.mark.parametrize("proxy", [nginx, caddy], ids=lambda proxy: str(proxy.__name__))
async def test_a_mirror_behind_the_proxy(
    proxy: Proxy, tmp_path: Path, pool: Pool, database_url: str, redis_url: str
) -> None:
    await user(pool)
    port, upstream = free_port(), free_port()
    command, environment, base = proxy(tmp_path, port, upstream)
    settings = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "KAPSO_WEBHOOK_SECRETS": SECRET,
                "PORT": str(upstream), "HOST": "127.0.0.1"}  # fmt: skip
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    async with (
        started(sys.executable, "-m", "webhooks", **settings),
        started(*command, **environment),
        httpx.AsyncClient(base_url=base, verify=trusting, timeout=30) as http,
    ):

        async def answers() -> bool:
            try:
                return (await http.get("/healthz")).status_code == 200
            except httpx.TransportError:
                return False

        await until(answers)
        await _signs_in(http, base)
        await _takes_large_bodies_and_headers(http)
        await _hears_of_changes_at_once(http, pool)


async def _signs_in(http: httpx.AsyncClient, base: str) -> None:
    form = {"name": "budi", "password": PASSWORD}
    done = await http.post("/login", data=form, headers={"Origin": base, "Sec-Fetch-Site": "same-origin"})
    assert done.status_code == 303, done.text
    (cookie,) = re.findall(r"session=[^;]+", done.headers["set-cookie"])
    http.headers["Cookie"] = cookie
    http.cookies.clear()
    assert (await http.get("/")).status_code == 200


async def _takes_large_bodies_and_headers(http: httpx.AsyncClient) -> None:
    for size, status in ((LARGE, 200), (TOO_LARGE, 413)):
        body = b'{"x": "' + b"y" * size + b'"}'
        assert (await http.post("/webhooks/kapso", content=body, headers=signed(body))).status_code == status, size
    assert (await http.get("/healthz", headers={"X-Long": "x" * 20_000})).status_code == 200


async def _hears_of_changes_at_once(http: httpx.AsyncClient, pool: Pool) -> None:
    async with asyncio.timeout(10), http.stream("GET", "/live") as line:
        heard = line.aiter_text()
        await anext(heard)
        await chat(pool, "halo")
        while "event:" not in (text := await anext(heard)) and "data:" not in text:
            pass
