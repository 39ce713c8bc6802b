"""The page-side reader of frame stamps agrees with the one that paints them."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from hal import Facing
from hal.camera import stamp
from tests.browser.conftest import Visit, add_stamp_reader

_READ = """
async (png) => {
  const { readStamp } = await import("/test/stamp.js");
  const image = new Image();
  image.src = `data:image/png;base64,${png}`;
  await image.decode();
  return readStamp(image);
}
"""


@pytest.mark.parametrize("width", [1280, 640, 500])
async def test_a_stamp_is_read_as_it_was_painted(visit: Visit, width: int) -> None:
    page = await visit(None)
    await add_stamp_reader(page)
    luma = np.full((720, 1280), 90, np.uint8)
    blank = await page.evaluate(_READ, _png(luma, width))
    stamp.draw(luma, stamp.Stamp(Facing.REAR, 123_456, 4_000_000_001))
    read = await page.evaluate(_READ, _png(luma, width))
    assert blank is None
    assert read == {"facing": "REAR", "frameNumber": 123_456, "epochMs": 4_000_000_001}


def _png(luma: np.ndarray, width: int) -> str:
    file = io.BytesIO()
    Image.fromarray(luma).resize((width, width * 9 // 16)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()
