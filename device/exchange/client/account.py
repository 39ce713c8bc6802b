"""An account at an exchange, and what is done with it."""

import asyncio

import httpx

from device.errors import TokenRefused
from device.exchange import wire
from device.exchange.address import ExchangeAddress
from device.exchange.client.call import ExchangeCall
from device.exchange.client.http import SILENCE_S, ask, client
from device.exchange.client.line import ExchangeLine
from device.exchange.client.retry import Sleep
from device.session.values import CallToken


class ExchangeAccount:
    """An account at an exchange: signs in, gets call tokens, makes calls' ports. ``aclose`` it."""

    def __init__(
        self,
        address: ExchangeAddress | None,
        sleep: Sleep = asyncio.sleep,
        silence_s: float = SILENCE_S,
    ) -> None:
        """None: no exchange is configured; every use says so.

        Raises ConfigError when the pinned certificate cannot be read.
        """
        self._address = address
        self._sleep = sleep
        self._silence_s = silence_s
        self._http: httpx.AsyncClient | None = None
        if address is not None:
            self._http = client(address)

    async def sign_in(self) -> str:
        """An auth token for this account. Raises TokenRefused, ExchangeUnreachable."""
        http, address = self._configured()
        body = wire.SignIn(address.uid, address.password)
        answer = await ask(http, "POST", "/sign-in", body, wire.SignedIn)
        return answer.auth_token

    async def generate_token(self, session_id: str, user_auth_token: str) -> CallToken:
        """A call token for one session.

        Raises TokenRefused: session_id_empty, auth_token_empty, exchange_not_configured,
        auth_token_refused, in this order; ExchangeUnreachable.
        """
        if not session_id:
            raise TokenRefused("session_id_empty", "Give the session a name.")
        if not user_auth_token:
            raise TokenRefused("auth_token_empty", "Sign in first: the auth token is empty.")
        http, _ = self._configured()
        answer = await ask(
            http,
            "POST",
            "/tokens",
            wire.TokenRequest(session_id),
            wire.TokenAnswer,
            bearer=user_auth_token,
        )
        return CallToken(answer.session_id, answer.token)

    def new_call(self) -> ExchangeCall:
        """A port for one call. Raises TokenRefused(exchange_not_configured)."""
        http, _ = self._configured()
        return ExchangeCall(http, self._sleep, self._silence_s)

    def new_line(self, device_id: str, user_auth_token: str) -> ExchangeLine:
        """A port for ringing. Raises TokenRefused(exchange_not_configured)."""
        http, _ = self._configured()
        return ExchangeLine(http, device_id, user_auth_token, self._sleep, self._silence_s)

    async def aclose(self) -> None:
        """Close the connections. Idempotent."""
        if self._http is not None:
            await self._http.aclose()

    def _configured(self) -> tuple[httpx.AsyncClient, ExchangeAddress]:
        if self._http is None or self._address is None:
            raise TokenRefused(
                "exchange_not_configured",
                "No exchange is configured. Set url, uid and password under [exchange].",
            )
        return self._http, self._address
