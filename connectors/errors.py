"""What can go wrong between the hub and a partner system, by what the hub must do next.

    ConnectorError
    ├── Unavailable   nothing happened there        try again later, honour `retry_after`
    ├── Unknown       it may have happened there    probe by business key before any repeat
    ├── Refused       the partner said no           dead letter, with the partner's words
    ├── Contract      our document can never pass   dead letter, fix mapping or codec
    └── Config        something is wrong here       pause the target, one alert, burn nothing

Connectors raise only these. Each protocol has one translator at its boundary that turns the
library's exceptions and the partner's answers into this tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectors.base import Exchange


class ConnectorError(Exception):
    """Base of all connector failures; never raised itself.

    Args:
        message: One sentence an operator understands, with expected and found where known.
            Never holds credentials.
        code: Short machine-readable cause, stable over time (`http_429`, `csrf_required`,
            `host_key_mismatch`); dead letters are grouped by it.
        exchange: What went and what came back, already redacted, when there was an exchange.
        retry_after: Seconds the partner asked us to wait, when it did.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        exchange: Exchange | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.exchange = exchange
        self.retry_after = retry_after


class Unavailable(ConnectorError):  # noqa: N818 - named for what to do next
    """The call did not happen: connection refused, DNS, 429, 503 before processing."""


class Unknown(ConnectorError):  # noqa: N818 - named for what to do next
    """The call may have happened: reset or timeout after send, 502/504, 500 on a create."""


class Refused(ConnectorError):  # noqa: N818 - named for what to do next
    """The partner understood and said no: 400/404/409/422, a SOAP fault of the data kind."""


class Contract(ConnectorError):  # noqa: N818 - named for what to do next
    """The document can never pass: it does not decode, map or validate."""


class Config(ConnectorError):  # noqa: N818 - named for what to do next
    """Wrong on our side of the connection: 401/403, bad host key, unknown endpoint, no secret."""
