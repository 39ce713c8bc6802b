"""Sound cards for tests: ALSA's plug-in ``file`` over a card of our own that keeps real time."""

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hal import AudioMode
from hal.audio.sources import ToneSource
from tests.hal.sound import samples_of

SOURCES = sorted((Path(__file__).parent / "testcard").glob("*.c"))
MICROPHONE_S = 20
MICROPHONE_HZ = {mode: 300 + 100 * number for number, mode in enumerate(AudioMode)}
"""What each card's microphone hears."""

SLOW_S = 0.8
"""As in pcm.c."""
CONTROLS = ("speaker", "speaker_volume", "headphone", "headphone_volume", "capture", "gain")
"""In the order of ctl.c."""


def build(folder: Path) -> Path:
    """The plug-in, compiled against the libasound that is installed."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    assert compiler, "these tests need a C compiler and libasound2-dev; scripts/setup installs them"
    library = folder / "libasound_module_pcm_testcard.so"
    command = [compiler, "-O1", "-Wall", "-Werror", "-fPIC", "-DPIC", "-shared"]
    subprocess.run([*command, "-o", library, *SOURCES, "-lasound"], check=True, timeout=300)
    return library


def record(folder: Path) -> None:
    """What the cards' microphones hear."""
    for mode, frequency_hz in MICROPHONE_HZ.items():
        tone = ToneSource(frequency_hz)
        blocks = (tone.next_block() for _ in range(100 * MICROPHONE_S))
        (folder / f"{mode.value}.microphone").write_bytes(b"".join(blocks))


@dataclass(slots=True)
class TestCards:
    """Four cards named like the routes, in an asound.conf of their own."""

    __test__ = False
    folder: Path
    library: Path
    shapes: dict[AudioMode, tuple[int, int]] = field(default_factory=dict)
    """The rate and channels of a card that has not 48 kHz mono."""

    @property
    def config(self) -> Path:
        return self.folder / "asound.conf"

    def write(self) -> None:
        parts = ["</usr/share/alsa/alsa.conf>", f'pcm_type.testcard {{ lib "{self.library}" }}']
        parts.append(f'ctl_type.testcard {{ lib "{self.library}" }}')
        parts.append(f'ctl.mixer {{ type testcard path "{self.folder}/mixer" }}')
        np.zeros(len(CONTROLS), np.int32).tofile(self.folder / "mixer")
        parts += [self._card(mode) for mode in AudioMode]
        parts.append("pcm.quiet { type null }")
        self.config.write_text("\n".join(parts))

    def heard(self, mode: AudioMode) -> np.ndarray:
        """All that was played there, once it is closed; several openings one after the other."""
        files = sorted(self.folder.glob(f"{mode.value}.played*"))
        return samples_of(b"".join(file.read_bytes() for file in files))

    def mixer(self) -> dict[str, int]:
        """The controls of the mixer, of 0 to 200, and switches, of which 1 is on."""
        values = np.fromfile(self.folder / "mixer", np.int32)
        return dict(zip(CONTROLS, values.tolist(), strict=True))

    def forget(self) -> None:
        """What was played so far."""
        for file in self.folder.glob("*.played*"):
            file.unlink()

    def unplug(self, mode: AudioMode) -> None:
        self._path(mode, "gone").touch()

    def plug(self, mode: AudioMode) -> None:
        self._path(mode, "gone").unlink()

    def occupy(self, mode: AudioMode) -> None:
        self._path(mode, "busy").touch()

    def stall(self, mode: AudioMode) -> None:
        self._path(mode, "stalled").touch()

    def break_down(self, mode: AudioMode) -> None:
        """It can be opened, and every write or read is an input/output error."""
        self._path(mode, "broken").touch()

    def mend(self, mode: AudioMode) -> None:
        self._path(mode, "broken").unlink()

    def go_on(self, mode: AudioMode) -> None:
        self._path(mode, "stalled").unlink()

    def slow_down(self, mode: AudioMode) -> None:
        """It takes SLOW_S to be opened, and as long to be closed."""
        self._path(mode, "slow").touch()

    def _path(self, mode: AudioMode, what: str) -> Path:
        return self.folder / f"{mode.value}.{what}"

    def _card(self, mode: AudioMode) -> str:
        rate_hz, channels = self.shapes.get(mode, (48_000, 1))
        path = self._path(mode, "played").with_suffix("")
        microphone = self.library.parent / f"{mode.value}.microphone"
        card = f'type testcard path "{path}" rate {rate_hz} channels {channels}'
        played = f'type file format raw truncate false file "{path}.played" slave.pcm {{ {card} }}'
        captured = (
            f'type file format raw file "/dev/null" infile "{microphone}" slave.pcm {{ {card} }}'
        )
        return (
            f"pcm.{mode.value} {{ type asym "
            f"playback.pcm {{ {played} }} capture.pcm {{ {captured} }} }}"
        )
