"""Which of the cameras found is the front one, and which the rear one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hal.camera.protocol import Facing
from hal.errors import CameraFault, CameraUnavailable


@dataclass(frozen=True, slots=True)
class FoundCamera:
    """``id`` stays the same over restarts; ``facing`` is what the device tree says, if it does."""

    id: str
    facing: Facing | None = None


def assign(found: Sequence[FoundCamera], named: Mapping[Facing, str]) -> dict[Facing, FoundCamera]:
    """Facing to camera: as named in the configuration, then as the device tree says, then by order.

    ``named``: an Id or a part of it, empty for a facing that is to be told by itself. A facing whose
    camera is named and not there stays empty. Raises CameraUnavailable (FAILED) where a name fits
    several cameras, or one camera two facings.
    """
    chosen = {facing: _named(found, name) for facing, name in named.items() if name}
    taken = [camera for camera in chosen.values() if camera is not None]
    if len(set(taken)) < len(taken):
        raise _unclear(f"{taken[0].id} is named as front and as rear")
    open_facings = [facing for facing in Facing if facing not in chosen]
    left = [camera for camera in found if camera not in taken]
    for camera in left:
        if camera.facing in open_facings:
            chosen.setdefault(camera.facing, camera)
    by_order = iter([camera for camera in left if camera not in chosen.values()])
    for facing in open_facings:
        if facing not in chosen:
            chosen[facing] = next(by_order, None)
    return {facing: it for facing in Facing if (it := chosen.get(facing)) is not None}


def _named(found: Sequence[FoundCamera], name: str) -> FoundCamera | None:
    exact = [camera for camera in found if camera.id == name]
    matches = exact or [camera for camera in found if name in camera.id]
    if len(matches) > 1:
        raise _unclear(f"'{name}' fits {' and '.join(camera.id for camera in matches)}")
    return matches[0] if matches else None


def _unclear(what: str) -> CameraUnavailable:
    return CameraUnavailable(
        CameraFault.FAILED, f"Which camera is which is not clear: {what}. Write the whole id."
    )
