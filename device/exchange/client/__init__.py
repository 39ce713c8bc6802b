"""The unit's side of the exchange, on httpx: an account, its line, and the calls made with it."""

from device.exchange.address import ExchangeAddress as ExchangeAddress
from device.exchange.client.account import ExchangeAccount as ExchangeAccount
from device.exchange.client.call import ExchangeCall as ExchangeCall
from device.exchange.client.line import ExchangeLine as ExchangeLine
