"""What rings for whom, in SQLite. See store.protocol.Devices."""

from device.exchange.server.store.sqlite.connection import Connection
from device.exchange.server.store.values import Device

_DEVICE = "select key, uid, device_id from devices "


class SqliteDevices:
    def __init__(self, db: Connection) -> None:
        self._db = db

    async def add(self, device: Device) -> None:
        async with self._db.transaction():
            self._db.run("insert into queues (key) values (?)", device.key)
            self._db.run(
                "insert into devices values (?, ?, ?)", device.key, device.uid, device.device_id
            )

    async def get(self, key: bytes) -> Device | None:
        row = self._db.row(_DEVICE + "where key = ?", key)
        return None if row is None else Device(*row)

    async def of_user(self, uid: str) -> list[Device]:
        return [Device(*row) for row in self._db.rows(_DEVICE + "where uid = ?", uid)]

    async def all(self) -> list[Device]:
        return [Device(*row) for row in self._db.rows(_DEVICE)]

    async def remove(self, key: bytes) -> None:
        self._db.run("delete from queues where key = ?", key)
