from typing import Any

import pytest
from footfall.events.ip_addresses import row_without_addresses, without_addresses
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import a_document

NAMES = ["ip", "$ip", "IP", "ip_address", "ipAddress", "client_ip", "clientIp", "customer_ip_address", "browserIP"]
NAMES += ["remote_addr", "REMOTE_ADDR", "X-Forwarded-For", "x_real_ip", "ip_override", "last-login-ip", "userip"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("2001:db8:abcd:1234::1", "2001:db8:abcd::"),
        ("203.0.113.77:8080", "203.0.113.0:8080"),
        ("[2001:db8:1:2::3]:443", "[2001:db8:1::]:443"),
        ("203.0.113.77, 198.51.100.9", "203.0.113.0, 198.51.100.0"),
        ("::ffff:203.0.113.77", "::"),
        (["203.0.113.77", None], ["203.0.113.0", None]),
        ({"value": "203.0.113.77"}, {"value": "203.0.113.0"}),
        (3_405_803_853, 3_405_803_776),
        ("IP68", "IP68"),
        (True, True),
        (7, 7),
    ],
)
def test_what_is_called_an_address_is_kept_to_its_network_at_any_depth(name: str, told: Any, kept: Any) -> None:
    for wrap in (lambda value: value, lambda value: {"context": value}, lambda value: {"a": [{"b": [value]}]}):
        assert without_addresses(wrap({name: told, "zip": "x"})) == wrap({name: kept, "zip": "x"})


@given(
    st.recursive(
        st.none() | st.text() | st.integers() | st.floats(allow_nan=False),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_anonymising_again_changes_nothing(value: Any) -> None:
    once = without_addresses({"ip": value, "other": value})
    assert without_addresses(once) == once


@pytest.mark.parametrize("name", ["zip", "tip", "description", "shipping", "equipment", "version"])
def test_what_is_called_otherwise_stays(name: str) -> None:
    value = {name: "203.0.113.77"}
    assert without_addresses(value) is value


def test_no_address_of_an_event_is_stored() -> None:
    told = {"ip": "203.0.113.77"}
    stored = a_document(
        **told, context=told, traits={**told, "plan": "gold"}, properties={"order": {"browser_ip": told["ip"]}}
    )
    assert "203.0.113.77" not in str(stored)
    assert stored["traits"] == {"ip": "203.0.113.0", "plan": "gold"}


@pytest.mark.parametrize(
    ("raw", "columns", "kept"),
    [
        (b"1,203.0.113.77,x", ("id", "Customer IP Address", "note"), b"1,203.0.113.0,x"),
        (b"1,203.0.113.77,x", ("id", "version", "note"), b"1,203.0.113.77,x"),
        (b'{"ip": "203.0.113.77", "at": "10:30:00"', None, b'{"ip": "203.0.113.0", "at": "10:30:00"'),
        (b'{"version": "203.0.113.77"}', None, b'{"version": "203.0.113.77"}'),
        (b"\xff,203.0.113.77", ("id", "ip"), b"\xff,203.0.113.0"),
    ],
)
def test_a_rows_addresses_are_kept_to_their_network(raw: bytes, columns: tuple[str, ...] | None, kept: bytes) -> None:
    assert row_without_addresses(raw, columns) == kept
