"""Children that die with us: started in their own session, ended by their own ids, never by name."""

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000


def start(
    command: Sequence[str | Path],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    unprivileged: bool = False,
) -> subprocess.Popen[bytes]:
    """Start it with its output in `log`. With `unprivileged` it never sees itself as root."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment) if environment is not None else None,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=preexec(unprivileged=unprivileged),
        )


def stop(
    process: subprocess.Popen[bytes] | None, *, how: signal.Signals = signal.SIGTERM, patience: float = 30
) -> None:
    """Ask it to end, then make it end."""
    if process is None or process.poll() is not None:
        return
    process.send_signal(how)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(patience)
        return
    process.kill()
    process.wait()


def family(pid: int) -> list[int]:
    """That process and all that it has started, by id."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        with contextlib.suppress(OSError):
            waiting += [int(child) for child in Path(f"/proc/{one}/task/{one}/children").read_text().split()]
    return found


def signal_all(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def wait_until(
    happened: Callable[[], bool], process: subprocess.Popen[bytes], *, seconds: float, what: str, log: Path
) -> None:
    """Wait for it, as long as the process lives; otherwise end with the tail of its log."""
    until = time.monotonic() + seconds
    while not happened():
        if process.poll() is not None or time.monotonic() > until:
            tail = log.read_text(errors="replace").splitlines()[-15:] if log.exists() else []
            raise SystemExit("\n".join([f"{what} did not start. The end of {log}:", *tail]))
        time.sleep(0.05)


def needs_disguise() -> bool:
    """PostgreSQL refuses root, and users that passwd does not know."""
    if os.geteuid() == 0:
        return True
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        return True
    return False


def namespaces_work() -> bool:
    """Whether this machine lets us map ourselves to another user."""
    probe = subprocess.run(["/bin/true"], preexec_fn=_try_disguise, check=False)
    return probe.returncode == 0


def preexec(*, unprivileged: bool = False) -> Callable[[], None]:
    """Run in the child before its program: it ends when we do, however we end."""
    disguise = unprivileged and needs_disguise()
    in_namespace = disguise and namespaces_work()

    def before() -> None:
        if in_namespace:
            _disguise()
        elif disguise:
            account = fallback_account()
            os.setgroups([])
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    return before


def fallback_account() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise SystemExit("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody.")


def _disguise() -> None:
    """Enter a user namespace in which we are nobody; outside, our files stay ours."""
    uid, gid = os.geteuid(), os.getegid()
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"65534 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"65534 {gid} 1")


def _try_disguise() -> None:
    try:
        _disguise()
    except OSError:
        os._exit(1)
