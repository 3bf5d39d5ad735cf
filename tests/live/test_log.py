import logging

from meshui.live.log import HideTokens


def test_a_token_in_an_address_is_not_logged() -> None:
    arguments = ("127.0.0.1:1", "/ws/v1/mesh?token=meshui_secret&x=1", 7)
    record = logging.LogRecord("uvicorn.error", logging.INFO, "", 0, '%s - "WebSocket %s" %d', arguments, None)
    assert HideTokens().filter(record)
    assert record.getMessage() == '127.0.0.1:1 - "WebSocket /ws/v1/mesh?token=...&x=1" 7'
    assert HideTokens().filter(logging.LogRecord("uvicorn.error", logging.INFO, "", 0, "plain", None, None))
