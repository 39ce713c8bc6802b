"""A Debian as bare as Raspberry Pi OS Lite is to callbox, and the wheels that it installs: made once."""

import hashlib
import os
import re
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[3]
CACHE = Path(os.environ.get("RIG_CACHE", Path.home() / ".cache" / "callbox-rig"))
# What Raspberry Pi OS Lite has; python3-venv is what callbox's installation adds.
PACKAGES = (
    "systemd,systemd-sysv,dbus,udev,python3,ca-certificates,iproute2,procps,sudo,libc-bin,kmod"
)
ADDED = "python3-venv"


def tree(suite: str) -> Path:
    """The root folder of a suite, and in /var/cache/apt the packages that an installation adds."""
    made = CACHE / f"service-{suite}-{_mark(PACKAGES + ADDED)}"
    if not (made / "complete").exists():
        _run("rm", "-rf", str(made))
        CACHE.mkdir(parents=True, exist_ok=True)
        # What the installation adds is fetched beforehand, so that it needs no network.
        fetch = (
            f'chroot "$1" apt-get install -qq -y --no-install-recommends --download-only {ADDED}'
        )
        options = ("--variant=minbase", f"--include={PACKAGES}", f"--customize-hook={fetch}")
        _run("mmdebstrap", *options, "--skip=cleanup/apt", "--quiet", suite, str(made), *_mirror())
        (made / "complete").touch()
    return made


def wheels(suite: str) -> Path:
    """All wheels of the constraints, fetched by the suite's own Python."""
    files = (ROOT / "constraints.txt", ROOT / "pyproject.toml")
    made = CACHE / f"wheels-{suite}-{_mark(''.join(file.read_text() for file in files))}"
    if not (made / "complete").exists():
        made.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as work:
            places = (work, str(tree(suite)), str(made), str(ROOT))
            _run("unshare", "-m", "--propagation", "private", "bash", "-euc", _FETCH, *places)
        (made / "complete").touch()
    return made


_FETCH = """
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
chroot "$work/root" apt-get install -qq -y --no-install-recommends python3-venv >/dev/null
cp -r "$source"/{pyproject.toml,README.md,LICENSE,NOTICE,hal,device} "$work/root/tmp/"
chroot "$work/root" bash -euc '
python3 -m venv /tmp/v
/tmp/v/bin/pip download -q --only-binary=:all: -d /mnt/wheels "setuptools>=70" wheel
/tmp/v/bin/pip download -q --only-binary=:all: -d /mnt/wheels -c /mnt/source/constraints.txt \
  "callbox[exchange] @ file:///tmp"
rm -f /mnt/wheels/callbox-*'
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
