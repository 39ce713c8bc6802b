"""What the routes of an exchange share."""

from dataclasses import dataclass

from starlette.requests import Request

from device.exchange.server.attempts import Attempts
from device.exchange.server.authority import Authority
from device.exchange.server.bus import LocalBus
from device.exchange.server.clock import Clock
from device.exchange.server.config import ExchangeConfig
from device.exchange.server.directory.desk import DirectoryDesk
from device.exchange.server.errands import Errands
from device.exchange.server.outbox import Outbox
from device.exchange.server.pairings import Pairings
from device.exchange.server.passwords import Passwords
from device.exchange.server.ringing.call_log import LogBook
from device.exchange.server.ringing.device_desk import DeviceDesk
from device.exchange.server.ringing.step import Rules
from device.exchange.server.ringing.switchboard import Switchboard
from device.exchange.server.rooms import Rooms
from device.exchange.server.store import Store
from device.exchange.server.tokens import TokenMint
from device.exchange.server.visits import Visits


@dataclass(frozen=True, slots=True)
class Parts:
    """``open`` them, ``stop_listening`` when the server is to stop, ``aclose`` them at last."""

    config: ExchangeConfig
    store: Store
    bus: LocalBus
    outbox: Outbox
    errands: Errands
    mint: TokenMint
    rooms: Rooms
    switchboard: Switchboard
    devices: DeviceDesk
    directory: DirectoryDesk
    authority: Authority
    log: LogBook
    attempts: Attempts
    passwords: Passwords
    pairings: Pairings
    visits: Visits

    async def open(self) -> None:
        """What the store has goes on from here."""
        await self.rooms.open()
        await self.devices.open()
        await self.switchboard.open()
        await self.visits.open()
        self.errands.keep_watch(self.store.changed_elsewhere, self.bus.wake_all)
        self.log.open()

    def stop_listening(self) -> None:
        """End all event streams; members and devices stay, and may come back to the next start.
        Idempotent."""
        self.bus.close()
        self.switchboard.close()
        self.visits.close()
        self.directory.close()

    async def aclose(self) -> None:
        """Idempotent."""
        self.stop_listening()
        await self.log.aclose()
        await self.errands.aclose()


async def make_parts(config: ExchangeConfig, store: Store, clock: Clock) -> Parts:
    """For the running event loop. The store stays its maker's to close."""
    errands = Errands()
    bus = LocalBus(clock, config.gone_after_s, errands)
    outbox = Outbox(store, bus)
    rooms = Rooms(store, outbox, config.max_members)
    rules = Rules(config.ring_for_s, config.rejoin_within_s)
    switchboard = Switchboard(store, outbox, rooms, rules, clock, errands, config.wall_s)
    attempts = Attempts(clock)
    devices = DeviceDesk(store, outbox, switchboard)
    key = await store.accounts.signing_key()
    passwords = Passwords(attempts)
    authority = Authority(store, rooms, switchboard, devices)
    return Parts(
        config,
        store,
        bus,
        outbox,
        errands,
        TokenMint(key, config.token_lifetime_s, config.wall_s),
        rooms,
        switchboard,
        devices,
        DirectoryDesk(store, bus, clock, errands),
        authority,
        LogBook(store, config.wall_s, config.keep_calls, config.keep_calls_days),
        attempts,
        passwords,
        Pairings(store, outbox, authority, clock, passwords),
        Visits(store, outbox, authority, clock, errands, config.wall_s),
    )


# Async, like every dependency here: others run on worker threads, and the store is for one thread.
async def parts_of(request: Request) -> Parts:
    """The parts of the exchange that serves this request."""
    parts: Parts = request.app.state.parts
    return parts
