"""Which tests an emulated processor leaves out, and why: a plug-in of pytest for the arm64 tier.

A new test is in unless it is named here. A name that fits nothing is an error, so the list stays true.
"""

import os
import signal
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[3]

LEFT_OUT = {
    "a browser": ("tests/browser", "tests/calls"),
    "benchmarks": ("tests/bench",),
    "real time": (
        "tests/cli/test_commands.py",
        "tests/hal/test_door.py::test_an_orderly_stop_of_all_processes_shuts_the_door_and_starts_no_other_keeper",
        "tests/hal/test_simulated_camera.py::test_every_picture_is_proved_by_its_stamp_at_both_sizes",
        "tests/media/test_adaptation.py",
        "tests/media/test_engine.py",
        "tests/media/test_links.py",
        "tests/media/test_lip_sync.py::test_a_voice_waits_for_the_pictures_of_a_slow_encoder",
        "tests/media/test_picture_links.py",
        "tests/media/test_release.py",
        "tests/media/test_reports.py::test_the_round_trip_of_a_link",
        "tests/media/test_sending.py",
        "tests/media/test_strangers.py",
        "tests/media/test_ways.py",
    ),
    "an exchange and its clients": (
        "tests/exchange/test_accounts.py",
        "tests/exchange/test_authorisation.py",
        "tests/exchange/test_call_log.py",
        "tests/exchange/test_client.py",
        "tests/exchange/test_directory.py",
        "tests/exchange/test_do_not_disturb.py",
        "tests/exchange/test_durability.py",
        "tests/exchange/test_moderation.py",
        "tests/exchange/test_odd_requests.py",
        "tests/exchange/test_openapi.py",
        "tests/exchange/test_pages.py",
        "tests/exchange/test_pairing.py",
        "tests/exchange/test_people.py",
        "tests/exchange/test_resume.py",
        "tests/exchange/test_revocation.py",
        "tests/exchange/test_ringing.py",
        "tests/exchange/test_signalling.py",
        "tests/exchange/test_tls.py",
        "tests/exchange/test_visitors.py",
    ),
    "whole units and their commands": (
        "tests/cli/test_enroll.py",
        "tests/control/test_commands.py",
        "tests/control/test_metrics.py::test_the_command_prints_them",
        "tests/control/test_phone.py",
        "tests/control/test_snapshot.py",
        "tests/control/test_socket.py",
        "tests/control/test_testing.py",
        "tests/control/test_top.py",
        "tests/doctor/test_broken_parts.py",
        "tests/doctor/test_doctor.py",
        "tests/phone/test_restart.py",
        "tests/phone/test_unit.py",
    ),
    "minutes each": (
        "tests/exchange/test_ringing_storm.py",
        "tests/hal/test_alsa.py::test_an_hour_of_blocks_leaves_no_backlog",
        "tests/session/test_properties.py::test_ten_thousand_random_calls",
    ),
    # To an ioctl that it does not know QEMU says ENOSYS, the kernel ENOTTY; and in the board's user
    # namespace nobody but root has a number.
    "the kernel's own answers": (
        "tests/doctor/test_bundle.py::test_with_sudo_it_belongs_to_who_used_it",
        "tests/hal/test_v4l2.py::test_what_is_no_device_is_refused_by_the_kernel",
    ),
}
"""Files, folders and tests by pytest's names, by what they need. An emulated processor is 10 times
slower, and real time does not wait for it: encoders, and whole links with their time-outs."""

# The many examples are run elsewhere: here the processor is asked. Each takes as long as it takes, and
# chance has no place where a failure may only be looked at in CI.
settings.register_profile(
    "emulated", max_examples=20, deadline=None, derandomize=True, database=None
)
settings.load_profile("emulated")


class Emulated:
    """Leaves out, shares with other processes, and counts what it ran.

    :param taken: A folder in which each process notes the modules it takes. None: it takes all.
    """

    def __init__(self, taken: Path | None) -> None:
        self._taken = taken
        self._unused = {name for names in LEFT_OUT.values() for name in names}

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        return True if self._is_out(collection_path.relative_to(ROOT).as_posix()) else None

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        out = [item for item in items if self._is_out(item.nodeid.split("[")[0])]
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]
        if config.args == ["tests"] and self._unused:
            raise pytest.UsageError(f"tests/rig/arm64/emulated.py: no such test: {self._unused}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        if session.testsfailed or session.config.option.collectonly:
            return None
        mine = self._mine(session.items)
        item = next(mine, None)
        while item is not None:
            following = next(mine, None)  # pytest keeps the fixtures that this one shares
            session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            item = following
        return True

    def _mine(self, items: list[pytest.Item]) -> Iterator[pytest.Item]:
        """A module is of the process that comes to it first, with the fixtures that it makes once."""
        for module, tests in groupby(items, lambda item: item.path):
            if self._take(module):
                yield from tests

    def _take(self, module: Path) -> bool:
        if self._taken is None:
            return True
        name = module.relative_to(ROOT).as_posix().replace("/", ".")
        try:
            (self._taken / name).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def _is_out(self, name: str) -> bool:
        fits = {each for names in LEFT_OUT.values() for each in names if name == each}
        self._unused -= fits
        return bool(fits)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        counts = {kind: len(terminalreporter.getreports(kind)) for kind in ("passed", "skipped")}
        ran = f"{counts['passed']} passed on {os.uname().machine}, {counts['skipped']} skipped"
        terminalreporter.write_line(f"arm64: {ran}; left out: {', '.join(LEFT_OUT)}")


def _time_is_up(*_: object) -> None:
    pytest.exit("the time is up; what failed until now:", returncode=1)


def pytest_configure(config: pytest.Config) -> None:
    signal.signal(signal.SIGTERM, _time_is_up)
    taken = os.environ.get("EMULATED_TAKEN")
    config.pluginmanager.register(Emulated(Path(taken) if taken else None), "emulated")
