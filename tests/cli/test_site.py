"""`footfall site`, and which key `--site` takes, against a Footfall that answers as a test wants."""

import json
from pathlib import Path

import pytest

from cli import site
from cli.client import ALL_KEYS
from tests.cli.conftest import KEYS, MADE, Footfall, run


def test_a_shop_in_euro_in_rome_is_one_command(footfall: Footfall) -> None:
    options = ["--name", "Roma", "--currency", "EUR", "--time-zone", "Europe/Rome", "--json"]
    made = run(footfall, "site", "create", "roma", *options, operator_key="o")
    assert (made.exit_code, json.loads(made.stdout)) == (0, {"site_id": "roma", **KEYS})
    [(method, path, headers, body)] = footfall.asked
    assert (method, path, headers["x-api-key"]) == ("POST", "/api/sites", "o")
    assert body == {"site_id": "roma", "name": "Roma", "currency": "EUR", "time_zone": "Europe/Rome"}


def test_every_setting_goes_as_the_api_takes_it(footfall: Footfall) -> None:
    options = [
        *("--page-rule", "/p/=product", "--page-rule", "/a=b/=search"),
        *("--funnel", "buying=product|search, Order Completed", "--origin", "https://shop.example"),
        *("--own-domain", "shop.example", "--hash-routes", "--retention-days", "400"),
        *("--dimension", "theme=theme", "--dimension", "tier=customer.tier"),
    ]
    assert run(footfall, "site", "set", "roma", *options, operator_key="o").exit_code == 0
    assert footfall.asked[0][3] == {
        "page_rules": [{"prefix": "/p/", "page_type": "product"}, {"prefix": "/a=b/", "page_type": "search"}],
        "funnels": [{"name": "buying", "steps": ["product|search", "Order Completed"]}],
        "origins": ["https://shop.example"],
        "own_domains": ["shop.example"],
        "hash_routes": True,
        "dimensions": [{"name": "theme", "property": "theme"}, {"name": "tier", "property": "customer.tier"}],
        "retention_days": 400,
    }


def test_rates_of_a_file_go_in_parts(footfall: Footfall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "RATES_AT_ONCE", 2)
    file = tmp_path / "rates.csv"
    file.write_text(
        "\ufeffcurrency,date,rate,source\nUSD,2026-11-02,0.9,x\nUSD,2026-11-03,0.91,x\nSEK,2026-11-03,0.09,x\n"
    )
    footfall.answers["/api/sites/roma/rates"] = (200, {"rates": 2, "orders": 7})
    told = run(footfall, "site", "rates", "roma", str(file), key="k")
    assert (told.exit_code, told.stdout) == (0, "4 rates are stored, and 14 orders are being computed anew\n")
    assert [len(body["rates"]) for *_, body in footfall.asked] == [2, 1]
    assert footfall.asked[0][3]["rates"][0] == {"date": "2026-11-02", "currency": "USD", "rate": "0.9"}
    file.write_text("date,rate\n")
    assert "lacks the column currency" in run(footfall, "site", "rates", "roma", str(file), key="k").stderr


def test_who_did_what_is_shown_in_lines(footfall: Footfall) -> None:
    line = {"at": "2026-12-01T10:30:00Z", "who": "token:[b]ann", "fields": ["currency"], "status": 200}
    lines = [
        {**line, "route": "PATCH /api/sites/{id}", "about": {"id": "roma"}},
        {**line, "route": "DELETE /api/cache/users/{user_id}", "about": {}},
    ]
    footfall.answers["/api/sites/roma/audit?page_size=100"] = (200, {"lines": lines})
    shown = run(footfall, "site", "audit", "roma", key="k").stdout
    for part in ("2026-12-01 10:30:00", "token:[b]ann", "PATCH /api/sites/roma", "/api/cache/users/…", "currency"):
        assert part in shown


def test_an_empty_text_empties_a_list_and_no_days_are_for_ever(footfall: Footfall) -> None:
    run(footfall, "site", "set", "roma", "--page-rule", "", "--origin", "", "--retention-days", "0", operator_key="o")
    run(footfall, "site", "set", "roma", "--hot-days", "0", operator_key="o")
    run(
        footfall,
        "site",
        "set",
        "roma",
        "--hot-days",
        "400",
        "--events-per-second",
        "0",
        "--signed-requests",
        operator_key="o",
    )
    assert footfall.asked[0][3] == {"page_rules": [], "origins": [], "retention_days": None}
    assert [body for *_, body in footfall.asked[1:]] == [
        {"hot_days": None},
        {"hot_days": 400, "events_per_second": None, "signed_requests": True},
    ]


def test_without_json_settings_and_keys_are_for_people(footfall: Footfall) -> None:
    printed = run(footfall, "site", "create", "roma", operator_key="o").stdout
    for part in (
        "Roma [shop]",
        "Europe/Rome",
        "buying: product → Order Completed",
        "/p/ is product",
        "theme is the property",
        "for ever",
    ):
        assert part in printed
    assert "export FOOTFALL_KEY=ak_roma_1_2" in printed
    assert "export FOOTFALL_WRITE_KEY=wk_roma_1_2" in printed


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("site", "create", "roma", "--page-rule", "product"), "write a page rule as PREFIX=TYPE"),
        (("site", "create", "roma", "--page-rule", "/p/="), "write a page rule as PREFIX=TYPE"),
        (("site", "create", "roma", "--funnel", "buying"), "write a funnel as NAME=STEP,STEP"),
        (("site", "create", "roma", "--funnel", "=a,b"), "write a funnel as NAME=STEP,STEP"),
        (("site", "create", "roma", "--dimension", "theme"), "write a dimension as NAME=PROPERTY"),
        (("site", "set", "roma"), "say what to change"),
        (("site", "create", "My Shop"), "My Shop: a site's id is up to 40 small letters, digits and hyphens"),
        (("key", "create", "roma", "--write", "--scope", "read"), "leave --scope and --days out"),
        (("key", "create", "roma", "--write", "--days", "9"), "leave --scope and --days out"),
        (("quarantine", "show", "abc"), "abc: an id is listed by `footfall quarantine`"),
        (("quarantine", "--since", "yesterday"), "--since: write a day or a time, as 2026-01-31"),
        (("quarantine", "replay", "--since", "yesterday"), "--since: write a day or a time, as 2026-01-31"),
        (("quarantine", "--limit", "3", "list"), "give --limit behind list"),
    ],
)
def test_what_cannot_be_meant_is_said_before_anything_is_asked(
    footfall: Footfall, arguments: tuple[str, ...], reason: str
) -> None:
    ended = run(footfall, *arguments, key="ak_roma_1_2", operator_key="o")
    assert (ended.exit_code, footfall.asked) == (1, [])
    assert reason in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_what_the_api_refuses_is_one_sentence(footfall: Footfall) -> None:
    footfall.answers["/api/sites"] = (422, {"detail": "currency: there is no such currency in ISO 4217"})
    ended = run(footfall, "site", "create", "roma", "--currency", "EURO", operator_key="o")
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "currency: there is no such currency" in ended.stderr


def test_sites_are_made_with_the_operators_key_alone(footfall: Footfall) -> None:
    ended = run(footfall, "site", "create", "roma", key="ak_roma_1_2")
    assert (ended.exit_code, footfall.asked) == (1, [])
    assert "FOOTFALL_OPERATOR_KEY" in ended.stderr


def test_who_has_no_operators_key_looks_after_a_site_with_its_own(footfall: Footfall) -> None:
    run(footfall, "site", "show", "roma", key="ak_roma_1_2")
    run(footfall, "site", "show", "roma", key="ak_roma_1_2", operator_key="o")
    assert [headers["x-api-key"] for _, _, headers, _ in footfall.asked] == ["ak_roma_1_2", "o"]


def test_every_page_of_sites_is_listed(footfall: Footfall) -> None:
    for page, site_id in ((1, "a"), (2, "b")):
        answer = {"sites": [{**MADE, "site_id": site_id}], "total_pages": 2}
        footfall.answers[f"/api/sites?page={page}&page_size=100"] = (200, answer)
    listed = json.loads(run(footfall, "site", "list", "--json", operator_key="o").stdout)
    assert [site["site_id"] for site in listed["sites"]] == ["a", "b"]


def test_keys_are_made_rotated_and_revoked(footfall: Footfall) -> None:
    key = {"kind": "api", "key": "ak_roma_3_4", "keys": []}
    footfall.answers["/api/sites/roma/keys"] = footfall.answers["/api/sites/roma/keys/1/rotate?hours_kept=2"] = (
        201,
        key,
    )
    made = run(footfall, "key", "create", "roma", "--scope", "read", "--days", "90", operator_key="o")
    assert "export FOOTFALL_KEY=ak_roma_3_4" in made.stdout
    run(footfall, "key", "create", "roma", "--write", operator_key="o")
    run(footfall, "key", "rotate", "roma", "1", "--hours-kept", "2", operator_key="o")
    run(footfall, "key", "revoke", "roma", "1", operator_key="o")
    first, second = footfall.asked[0][3], footfall.asked[1][3]
    assert (first["scopes"], first["expires_at"][:2], second) == (["read"], "20", {"name": "", "kind": "write"})
    assert [(method, path) for method, path, _, _ in footfall.asked[2:]] == [
        ("POST", "/api/sites/roma/keys/1/rotate?hours_kept=2"),
        ("GET", "/api/sites/roma/keys"),
        ("DELETE", "/api/sites/roma/keys/1"),
    ]


def test_a_rotation_says_which_key_goes_on_and_until_when(footfall: Footfall) -> None:
    rotate = "/api/sites/roma/keys/1/rotate?hours_kept="
    listed = {"keys": [{"key_id": "1", "expires_at": "2026-12-01T10:30:00+00:00"}]}
    footfall.answers |= {
        f"{rotate}24": (201, {"kind": "api", "key": "ak_roma_3_4"}),
        f"{rotate}0": (201, {"kind": "api", "key": "ak_roma_3_4"}),
        f"{rotate}2": (201, {"kind": "write", "key": "wk_roma_3_4"}),
        "/api/sites/roma/keys": (200, listed),
    }
    said = {
        "24": "1 goes on until 2026-12-01 10:30 UTC",
        "0": "1 stops working within a minute",
        "2": "1 goes on until it is revoked: footfall key revoke roma 1",
    }
    for hours, sentence in said.items():
        told = run(footfall, "key", "rotate", "roma", "1", "--hours-kept", hours, operator_key="o")
        assert (told.exit_code, told.stdout.splitlines()[-1]) == (0, sentence)


def test_a_new_key_is_printed_even_when_the_old_ones_end_is_not_told(footfall: Footfall) -> None:
    footfall.answers["/api/sites/roma/keys/1/rotate?hours_kept=24"] = (201, {"kind": "api", "key": "ak_roma_3_4"})
    footfall.answers["/api/sites/roma/keys"] = (500, {"detail": "broken"})
    told = run(footfall, "key", "rotate", "roma", "1", operator_key="o")
    assert (told.exit_code, "export FOOTFALL_KEY=ak_roma_3_4" in told.stdout) == (1, True)


def test_names_of_sites_and_keys_are_printed_as_they_are(footfall: Footfall) -> None:
    named = {**MADE, "name": "[b]Bar :beer:", "currency": "EUR"}
    footfall.answers["/api/sites?page=1&page_size=100"] = (200, {"sites": [named], "total_pages": 1})
    footfall.answers["/api/sites/roma"] = (200, named)
    key = {"key_id": "1", "scopes": ["read"], "name": "[b]Bar :beer:"}
    moments = dict.fromkeys(("created_at", "expires_at", "last_used_at"))
    footfall.answers[f"/api/sites/roma/keys?{ALL_KEYS}"] = (200, {"keys": [{**key, **moments}]})
    for command in (("site", "list"), ("site", "show", "roma"), ("key", "list", "roma")):
        assert "[b]Bar :beer:" in run(footfall, *command, operator_key="o").stdout


@pytest.mark.parametrize("command", ["status", "train"])
def test_a_site_is_asked_with_its_own_key_else_with_the_operators(footfall: Footfall, command: str) -> None:
    footfall.answers["/api/health"] = footfall.answers["/api/models/train"] = (404, {"detail": "enough"})
    run(footfall, command, "--site", "roma", key="ak_roma_1_2", operator_key="o")
    run(footfall, command, "--site", "roma", key="ak_demo_1_2", operator_key="o")
    run(footfall, command, key="ak_demo_1_2", operator_key="o")
    told = [(headers["x-api-key"], headers.get("x-footfall-site")) for _, _, headers, _ in footfall.asked]
    assert told == [("ak_roma_1_2", None), ("o", "roma"), ("ak_demo_1_2", None)]


def test_without_a_key_for_the_site_nothing_is_asked(footfall: Footfall) -> None:
    ended = run(footfall, "status", "--site", "roma", key="ak_demo_1_2")
    assert (ended.exit_code, footfall.asked) == (1, [])
    assert "set FOOTFALL_KEY to a key of the site roma, or FOOTFALL_OPERATOR_KEY" in ended.stderr


def test_events_are_sent_with_the_sites_own_write_key(footfall: Footfall) -> None:
    footfall.answers["/collect"] = (202, {"accepted": 1, "rejected": []})
    footfall.answers["/api/sites/roma/keys?page_size=100"] = (
        200,
        {"keys": [{"write_key": None}, {"write_key": "wk_roma_1_2"}, {"write_key": "wk_roma_3_4"}]},
    )
    keys = {"write_key": "wk_demo_1_2", "operator_key": "o"}
    assert run(footfall, "send", "-", "--site", "roma", given="{}", **keys).exit_code == 0
    run(footfall, "send", "-", "--site", "demo", given="{}", **keys)
    told = [(path, headers["x-api-key"]) for _, path, headers, _ in footfall.asked]
    assert told == [
        ("/api/sites/roma/keys?page_size=100", "o"),
        ("/collect", "wk_roma_3_4"),
        ("/collect", "wk_demo_1_2"),
    ]


def test_a_site_without_a_write_key_is_told_how_to_make_one(footfall: Footfall) -> None:
    footfall.answers["/api/sites/roma/keys?page_size=100"] = (200, {"keys": []})
    ended = run(footfall, "send", "-", "--site", "roma", given="{}", operator_key="o")
    assert "`footfall key create roma --write` makes one" in ended.stderr
