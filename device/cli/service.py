"""``callbox first-boot``: what callbox-first-boot.service runs."""

import argparse
import sys
from pathlib import Path
from typing import Any

BOOT = Path("/boot/firmware")
"""Where Raspberry Pi OS mounts the boot partition."""


def add_first_boot(commands: Any, default_config: Path) -> None:
    first = commands.add_parser(
        "first-boot", help="take the configuration over from the boot partition"
    )
    first.add_argument("--boot", type=Path, default=BOOT, metavar="DIR", help="(%(default)s)")
    first.add_argument(
        "--to", type=Path, default=default_config.parent, metavar="DIR", help="(%(default)s)"
    )
    first.add_argument(
        "--group", default="callbox", help="may read it; '' for nobody but the owner (%(default)s)"
    )
    first.set_defaults(command=_first_boot)


def _first_boot(options: argparse.Namespace) -> int:
    from device import config
    from device.doctor.configuration import check_address
    from device.service.first_boot import check_beside, take_over

    def check(path: Path) -> Path | None:
        settings = config.load(path)
        config.check_can_join(settings)
        certificate = settings.exchange.certificate
        if certificate is not None:
            check_beside(certificate, path)
        check_address(settings)
        return certificate

    taken = take_over(options.boot, options.to, check, options.group or None)
    if taken is None:
        print(f"There is no callbox.toml in {options.boot}.")
        return 0
    print(taken.words)
    for path in taken.left:
        print(
            f"callbox: {path} cannot be removed. It holds a password: remove it.", file=sys.stderr
        )
    return 1 if taken.left else 0
