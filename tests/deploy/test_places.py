"""What many stacks share or fight for: ports, memory, files from the network, folders elsewhere."""

import hashlib
import socket
from pathlib import Path

import pytest

from deploy.errors import OperatorError
from deploy.local import databases, environment, jars, places, ports, postgres
from deploy.local.services import SERVICES

MEGABYTE = 2**20
LOCKS = list(Path(__file__).parents[2].glob("requirements*.lock"))


def test_two_data_folders_never_have_a_port_in_common(tmp_path: Path) -> None:
    homes = [tmp_path / name for name in ("one", "other")]
    for home in homes:
        home.mkdir()
    first, second = ({ports.port_of(home, name) for name in "abcdef"} for home in homes)
    assert len(first | second) == 12
    assert ports.port_of(homes[0], "a") in first


def test_a_port_with_a_listener_is_not_free(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert ports.is_open(port)
        with pytest.raises(OperatorError, match=f"port {port}, which parcels keeps, is taken"):
            ports.need_free(tmp_path, "parcels", port)
    assert ports.is_free(port)


def test_a_folder_elsewhere_goes_with_its_link(tmp_path: Path) -> None:
    elsewhere = places.make_elsewhere(tmp_path / "data" / "postgres")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "postgres").symlink_to(elsewhere)
    (tmp_path / "data" / "foreign").symlink_to(tmp_path)
    places.sweep("postgres")
    assert elsewhere.exists()

    places.remove(tmp_path / "data")
    assert not elsewhere.exists()
    assert tmp_path.exists()


def test_a_folder_elsewhere_whose_clone_is_gone_is_swept(tmp_path: Path) -> None:
    gone = places.make_elsewhere(tmp_path / "clone" / "programs")
    places.sweep("programs")
    assert not gone.exists()


def test_data_that_was_cleaned_away_elsewhere_is_said(tmp_path: Path) -> None:
    (tmp_path / "postgres").symlink_to(tmp_path / "gone")
    with pytest.raises(OperatorError, match="is gone: remove the link to start anew"):
        places.reachable(tmp_path / "postgres")


def test_a_file_that_is_not_what_the_lock_says_is_not_used(tmp_path: Path) -> None:
    wanted = jars.locked(Path(jars.__file__).parent / "postgres")[0]
    jar = tmp_path / "some.jar"
    jar.write_bytes(b"something else")
    with pytest.raises(OperatorError, match=r"some.jar is not what the lock file says"):
        jars.check(jar, wanted)
    jars.check(jar, wanted | {"sha256": hashlib.sha256(b"something else").hexdigest()})


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_of_packages_names_no_place_to_fetch_them_from(lock: Path) -> None:
    assert "://" not in lock.read_text()


def test_an_environment_is_read_as_it_was_written(tmp_path: Path) -> None:
    settings = {"OBJECT_STORE_URL": "file:///a%20b", "IGNY8_DATA": "/a b/it's #1", "EMPTY": ""}
    environment.write(tmp_path, settings)
    assert environment.read(tmp_path) == settings
    with pytest.raises(OperatorError, match="there is no stack in"):
        environment.read(tmp_path / "nowhere")


def test_every_service_has_a_role_of_its_own() -> None:
    urls = {databases.url_of(service, 5432) for service in SERVICES}
    assert len(urls) == len(SERVICES)


@pytest.mark.parametrize(
    ("memory", "buffers"),
    [(512 * MEGABYTE, 128), (8_192 * MEGABYTE, 1_024), (65_536 * MEGABYTE, 2_048)],
)
def test_postgres_keeps_an_eighth_of_the_memory_within_bounds(memory: int, buffers: int) -> None:
    assert postgres.buffers_of(memory) == buffers * MEGABYTE // 1024
