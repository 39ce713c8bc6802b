"""Who may import whom: the walls of the house, as docs/house.md draws them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# A library, and the only places that may import it.
HOMES = {
    "aiortc": ("device.media",),
    "aioice": ("device.media.rtc",),
    "av": ("device.media", "hal.camera"),
    "httpx": ("device.exchange.client",),
    "fastapi": ("device.exchange.server",),
    "starlette": ("device.exchange.server",),
    "uvicorn": ("device.exchange.server",),
    "jwt": ("device.exchange.server",),
    "argon2": ("device.exchange.server",),
    "cryptography": ("device.exchange.server",),
    "segno": ("device.cli.qr", "device.exchange.server.qr"),
    "sqlite3": ("device.exchange.server",),
    "livekit": ("device.media.voice.webrtc",),
    "gpiozero": ("hal.buttons", "hal.outputs"),
    "lgpio": ("hal.buttons",),
    "picamera2": ("hal.camera.picamera", "hal.camera.codec_block"),
    "libcamera": ("hal.camera.picamera",),
    "videodev2": ("hal.camera.codec_block", "hal.camera.v4l2"),
    "alsaaudio": ("hal.audio.mixers",),
    "rich": ("device.cli.top",),
    "shtab": ("device.cli.manual",),
    "dbus_fast": ("hal.audio.system_bus",),
    "sdl2": ("device.screen",),
}

# A room, and what it may see of device.
ROOMS = {
    "hal": (),
    "device.errors": (),
    "device.files": (),
    "device.session": ("device.session", "device.errors"),
    "device.media": ("device.media", "device.session", "device.errors"),
    "device.exchange.wire": ("device.exchange.wire",),
    "device.exchange.server": (
        "device.exchange.server",
        "device.exchange.wire",
        "device.exchange.web",
        "device.errors",
    ),
    "device.phone": (
        "device.phone",
        "device.session",
        "device.exchange.client",
        "device.exchange.wire",
        "device.errors",
    ),
    "device.control": (
        "device.control",
        "device.session",
        "device.phone.values",
        "device.phone.table",
        "device.phone.events",
        "device.errors",
    ),
    "device.doctor": (
        "device.doctor",
        "device.control.readings",
        "device.control.scrape",
        "device.exchange.address",
        "device.exchange.client",
        "device.config",
        "device.errors",
    ),
    "device.service": (
        "device.service",
        "device.session",
        "device.media.statistics",
        "device.files",
        "device.errors",
    ),
    "device.screen": ("device.screen", "device.session", "device.errors"),
    "device.config": ("device.config", "device.session", "device.phone.settings", "device.errors"),
    "device.enrolment": (
        "device.enrolment",
        "device.config",
        "device.exchange.address",
        "device.exchange.client",
        "device.exchange.wire",
        "device.files",
        "device.errors",
    ),
    "device.reporter": ("device.session",),
    "device.telemetry": ("device.control.readings", "device.media"),
    "device.exchange": ("device.exchange", "device.session", "device.errors"),
}
# device.app wires everything; device.cli sees the applications it starts.


# Who hosts an exchange, and so may load it at import; the command line loads it when it is asked to.
HOSTS = ("device.exchange.server", "device.trial.demo", "device.trial.selftest")


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


# Read and parsed once, while the tests are collected: ast.parse of Python 3.11.2 fails now and then
# when other threads parse as well.
FILES = [path for top in ("hal", "device") for path in sorted((ROOT / top).rglob("*.py"))]
MODULES = [(name_of(path), path) for path in FILES]
TREES = {path: ast.parse(path.read_text()) for path in FILES}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, room: str) -> bool:
    return name == room or name.startswith(room + ".")


def room_of(name: str) -> str | None:
    rooms = [room for room in ROOMS if within(name, room)]
    return max(rooms, key=len, default=None)


@pytest.mark.parametrize(("name", "path"), MODULES, ids=[name for name, _ in MODULES])
def test_a_module_imports_only_what_its_room_may_see(name: str, path: Path) -> None:
    room = room_of(name)
    for imported in imports(path):
        library = imported.split(".")[0]
        if library in HOMES:
            assert any(within(name, home) for home in HOMES[library]), f"{name} imports {imported}"
        if within(imported, "hal.select"):
            assert within(name, "device.app"), f"{name} imports hal.select; only device.app may"
        if library == "device" and room is not None:
            seen = ROOMS[room]
            assert any(within(imported, other) for other in seen), f"{name} imports {imported}"


def test_a_unit_does_not_load_the_server() -> None:
    for name, path in MODULES:
        if any(within(name, host) for host in HOSTS):
            continue
        for node in TREES[path].body:
            if isinstance(node, ast.ImportFrom) and node.module:
                assert not within(node.module, "device.exchange.server"), name


def test_packages_only_re_export() -> None:
    for path in (path for path in FILES if path.name == "__init__.py"):
        for node in TREES[path].body:
            is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            is_all = isinstance(node, ast.Assign)
            assert isinstance(node, ast.Import | ast.ImportFrom) or is_docstring or is_all, path


def test_modules_stay_small() -> None:
    long = [name for name, path in MODULES if len(path.read_text().splitlines()) > 320]
    assert not long, f"over about 300 lines: {long}"
