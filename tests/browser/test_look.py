"""The page's colours and icons, read from its files."""

import json
import re
from pathlib import Path

import device.exchange.web

WEB = Path(device.exchange.web.__path__[0])


def test_the_page_has_the_colours_that_the_screen_reads() -> None:
    look = json.loads((WEB / "look.json").read_text())
    css = (WEB / "app.css").read_text()
    blocks = re.findall(r'^:root(\[data-theme="light"\])? \{(.*?)^\}', css, re.M | re.S)
    found = {
        "light" if theme else "dark": dict(re.findall(r"--(\w+): (#\w{6});", body))
        for theme, body in blocks
    }
    assert found == {"dark": look["both"] | look["dark"], "light": look["light"]}
    calm = re.search(r"CALM_AFTER_MS = (\d+)", (WEB / "call.js").read_text())
    assert calm is not None
    assert int(calm[1]) == look["calm_after_ms"]


def test_text_can_be_read_on_every_ground() -> None:
    """Contrast as WCAG 2.2 has it: at least 4.5 to 1."""
    look = json.loads((WEB / "look.json").read_text())
    for theme in (look["dark"], look["light"]):
        for text in (theme["text"], theme["quiet"]):
            for ground in (theme["ground"], theme["surface"]):
                assert _contrast(text, ground) >= 4.5, (text, ground)


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * p for weight, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_every_icon_that_is_used_is_there() -> None:
    there = set(re.findall(r'<symbol id="([\w-]+)"', (WEB / "icons.svg").read_text()))
    scripts = "".join(path.read_text() for path in WEB.glob("*.js"))
    used = set(re.findall(r'(?:icon|make|notice)\("([\w-]+)"', scripts))
    used |= set(re.findall(r'(?:icon|iconName): "([\w-]+)"', scripts))
    used |= set(re.findall(r'"button[.\w]*", "([\w-]+)",', scripts))
    used |= {"mic", "mic-off", "video", "video-off", "phone", "circle-dot", "wifi-off", "users"}
    assert used <= there
