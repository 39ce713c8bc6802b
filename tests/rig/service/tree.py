"""A Debian as bare as Raspberry Pi OS Lite is to callbox, and what its installation fetches."""

import hashlib
import os
import re
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[3]
CACHE = Path(os.environ.get("RIG_CACHE", Path.home() / ".cache" / "callbox-rig"))
# What Raspberry Pi OS Lite has.
PACKAGES = (
    "systemd,systemd-sysv,dbus,udev,python3,ca-certificates,iproute2,procps,sudo,libc-bin,kmod"
)
# What callbox's installation adds, on a board and elsewhere.
ADDED = (
    "python3-venv python3-libcamera libcamera-ipa python3-kms++ python3-lgpio gcc libc6-dev python3-dev"
    " libasound2-dev libcap-dev bluez-alsa-utils libasound2-plugin-bluez"
)
# Packages of Raspberry Pi OS that Debian has not: here, modules with next to nothing in them. Of the
# first, Debian 13 has its own, which is taken.
STAND_INS = {"python3-libcamera": "libcamera", "python3-kms++": "pykms", "python3-lgpio": "lgpio"}
# picamera2 takes its formats from there, for a screen that is not used.
_MODULE = "from unittest.mock import MagicMock\n\nPixelFormat = MagicMock()\n"
STAND_IN_VERSION = "0.2.2.0"
"""That of lgpio, which callbox asks for; 0.4 of libcamera is the newer one."""
_CONTROL = """\
Package: {package}
Version: {version}
Architecture: all
Maintainer: rig
Description: stands in for Raspberry Pi OS's
"""


def tree(suite: str) -> Path:
    """The root folder of a suite, and in /var/cache/apt the packages that an installation adds."""
    mark = _mark(PACKAGES + str(STAND_INS) + _MODULE + _CONTROL + _fetch(""))
    made = CACHE / f"service-{suite}-{mark}"
    if not (made / "complete").exists():
        _run("rm", "-rf", str(made))
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            _make_stand_ins(Path(folder))
            hooks = (
                f"copy-in {folder} /opt",
                f"chroot \"$1\" sh -euc '{_fetch(Path(folder).name)}'",
            )
            options = (
                "--variant=minbase",
                f"--include={PACKAGES}",
                "--skip=cleanup/apt",
                "--quiet",
            )
            _run(
                "mmdebstrap",
                *options,
                *(f"--customize-hook={hook}" for hook in hooks),
                *(suite, str(made), *_mirror()),
            )
        (made / "complete").touch()
    return made


def _fetch(folder: str) -> str:
    """What the installation adds is fetched beforehand, so that it needs no network."""
    return (
        f"mv /opt/{folder} /opt/stand-ins;"
        'echo "deb [trusted=yes] file:/opt/stand-ins ./" >/etc/apt/sources.list.d/stand-ins.list;'
        "apt-get update -qq;"
        f"apt-get install -qq -y --no-install-recommends --download-only {ADDED}"
    )


def _make_stand_ins(folder: Path) -> None:
    """A repository of their packages."""
    rows = []
    for package, module in STAND_INS.items():
        root = folder / package
        site = root / "usr/lib/python3/dist-packages"
        site.mkdir(parents=True)
        (site / f"{module}.py").write_text(_MODULE)
        about = f"Metadata-Version: 2.1\nName: {module}\nVersion: {STAND_IN_VERSION}\n"
        (site / f"{module}-{STAND_IN_VERSION}.egg-info").write_text(about)
        control = _CONTROL.format(package=package, version=STAND_IN_VERSION)
        (root / "DEBIAN").mkdir()
        (root / "DEBIAN/control").write_text(control)
        file = folder / f"{package}.deb"
        _run("dpkg-deb", "--root-owner-group", "-b", str(root), str(file))
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        size = file.stat().st_size
        rows.append(f"{control}Filename: ./{file.name}\nSize: {size}\nSHA256: {digest}\n")
    (folder / "Packages").write_text("\n".join(rows))


def wheels(suite: str) -> Path:
    """All wheels of the constraints, fetched or built by the suite's own Python."""
    texts = [(ROOT / name).read_text() for name in ("constraints.txt", "pyproject.toml")]
    made = CACHE / f"wheels-{suite}-{_mark(''.join(texts) + _WHEELS)}"
    if not (made / "complete").exists():
        made.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as work:
            places = (work, str(tree(suite)), str(made), str(ROOT))
            _run("unshare", "-m", "--propagation", "private", "bash", "-euc", _WHEELS, *places)
        (made / "complete").touch()
    return made


_WHEELS = """
work=$0 tree=$1 wheels=$2 source=$3
mount -t tmpfs tmpfs "$work"
mkdir -p "$work"/{up,work,root}
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$work/up,workdir=$work/work" "$work/root"
mkdir -p "$work/root/mnt/wheels" "$work/root/mnt/source"
mount --bind "$wheels" "$work/root/mnt/wheels"
mount --bind "$source" "$work/root/mnt/source"
mount --bind /etc/ssl/certs "$work/root/etc/ssl/certs"
cp /etc/resolv.conf "$work/root/etc/resolv.conf"
[ ! -e /etc/pip.conf ] || cp /etc/pip.conf "$work/root/etc/pip.conf"
mount -t proc proc "$work/root/proc"
chroot "$work/root" apt-get install -qq -y --no-install-recommends >/dev/null \
  python3-venv gcc libc6-dev python3-dev libasound2-dev libcap-dev
chroot "$work/root" bash -euc '
python3 -m venv /tmp/v
cat >/tmp/wanted.py <<END
import tomllib
project = tomllib.load(open("/mnt/source/pyproject.toml", "rb"))["project"]
extras = project["optional-dependencies"]
wanted = [*project["dependencies"], *extras["exchange"], *extras["alsa"], *extras["pi"]]
# lgpio is a package of Raspberry Pi OS.
print(*(each for each in wanted if not each.startswith(("callbox", "lgpio"))), sep="\\n")
END
python3 /tmp/wanted.py >/tmp/wanted.txt
/tmp/v/bin/pip wheel -q --use-pep517 -w /mnt/wheels -c /mnt/source/constraints.txt \
  "setuptools>=70" wheel -r /tmp/wanted.txt'
"""


def _mirror() -> list[str]:
    """This machine's own, if it has one of Debian."""
    files = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]
    text = "".join(file.read_text() for file in files if file.is_file())
    return re.findall(r"^(?:deb|URIs:) +(?:\[.*\] +)?(https?://\S+/debian)/?(?:\s|$)", text, re.M)[
        :1
    ]


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, env=os.environ, timeout=900)
