"""The tables of infra/lake.yaml are what the lake's files hold."""

from footfall.dimensions import COLUMNS
from footfall.lake import archive
from footfall.lake.contents import NAMES, NUMBERS, columns_of

from infra.template import load
from tests.support.builders import a_site

from .folders import ROOT

IN_GLUE = {
    "INTEGER": "int",
    "BIGINT": "bigint",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP_MS": "timestamp",
    "VARCHAR": "string",
    "VARCHAR[]": "array<string>",
}


def test_the_table_has_every_column_of_the_files() -> None:
    table = load(ROOT / "infra" / "lake.yaml")["Resources"]["Events"]["Properties"]["TableInput"]
    columns = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}

    assert columns == {name: IN_GLUE[kind] for name, kind in columns_of(a_site()).items()}


def test_the_archives_table_has_every_column_of_its_files() -> None:
    table = load(ROOT / "infra" / "lake.yaml")["Resources"]["Archive"]["Properties"]["TableInput"]
    columns = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}

    assert columns == {name: IN_GLUE[kind] for name, kind in archive.COLUMNS.items()}


def test_no_dimension_of_a_sites_own_can_have_the_name_of_another_column() -> None:
    assert set(COLUMNS.split()) == {*NUMBERS, *NAMES}
