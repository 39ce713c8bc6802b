"""What rings for whom, in SQLite. See store.protocol.Devices."""

from device.exchange.server.store.sqlite.connection import Connection, Row
from device.exchange.server.store.values import Device

_DEVICE = "select key, uid, device_id, do_not_disturb from devices "


class SqliteDevices:
    def __init__(self, db: Connection) -> None:
        self._db = db

    async def add(self, device: Device) -> None:
        async with self._db.transaction():
            self._db.run("insert into queues (key) values (?)", device.key)
            self._db.run(
                "insert into devices values (?, ?, ?, ?)",
                device.key, device.uid, device.device_id, device.do_not_disturb,
            )  # fmt: skip

    async def get(self, key: bytes) -> Device | None:
        row = self._db.row(_DEVICE + "where key = ?", key)
        return None if row is None else _device(row)

    async def set_do_not_disturb(self, key: bytes, on: bool) -> bool:
        statement = "update devices set do_not_disturb = ? where key = ?"
        return self._db.run(statement, on, key).rowcount > 0

    async def of_user(self, uid: str) -> list[Device]:
        return [_device(row) for row in self._db.rows(_DEVICE + "where uid = ?", uid)]

    async def all(self) -> list[Device]:
        return [_device(row) for row in self._db.rows(_DEVICE)]

    async def remove(self, key: bytes) -> None:
        self._db.run("delete from queues where key = ?", key)


def _device(row: Row) -> Device:
    key, uid, device_id, do_not_disturb = row
    return Device(key, uid, device_id, bool(do_not_disturb))
