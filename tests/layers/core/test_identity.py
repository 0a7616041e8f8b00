import pytest
from footfall.identity import anonymised_ip, new_api_key, new_write_key, read_api_key, read_sending_key


def test_a_write_key_names_its_site_and_only_our_secret_makes_it() -> None:
    key = new_write_key("my-shop", "secret")
    read = read_sending_key(key, "secret")
    assert read is not None
    assert read.site_id == "my-shop"
    assert read_sending_key(key, "another secret") is None
    assert read_sending_key(key.replace("my-shop", "my-shap"), "secret") is None


@pytest.mark.parametrize("text", ["", "wk", "wk_a_b", "wk_A_b_c", "ak_a_b_c", "wk_a_b_ü", "wk_a_b_c_d"])
def test_what_is_no_write_key_is_none(text: str) -> None:
    assert read_sending_key(text, "secret") is None


def test_an_api_key_that_may_send_is_signed_and_only_our_secret_makes_it() -> None:
    key = new_api_key("my-shop", "secret")
    read = read_sending_key(key.text, "secret")
    assert read is not None
    assert (read.site_id, read.key_id, read.is_secret) == ("my-shop", key.key_id, True)
    for forged in (
        key.text.replace("my-shop", "my-shap"),
        key.text.replace(key.key_id, key.key_id[:4] + "0" * 12),
        key.text.replace(key.secret[:8], "A" * 8),
        key.text.replace("ak_", "wk_"),
        new_write_key("my-shop", "secret").replace("wk_", "ak_"),
        new_api_key("my-shop", "secret", "ask").text,
    ):
        assert read_sending_key(forged, "secret") is None
    assert read_sending_key(key.text, "another secret") is None


def test_an_api_key_reads_back_and_hashes_alike() -> None:
    key = new_api_key("my-shop", "secret")
    again = read_api_key(key.text)
    assert again is not None
    assert (again, again.sha256) == (key, key.sha256)


@pytest.mark.parametrize(
    ("address", "kept"),
    [("203.0.113.77", "203.0.113.0"), ("2001:db8:abcd:1234::1", "2001:db8:abcd::"), ("no address", None), (None, None)],
)
def test_an_address_loses_what_points_at_a_household(address: str | None, kept: str | None) -> None:
    assert anonymised_ip(address) == kept
