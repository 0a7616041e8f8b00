"""The table of infra/lake.yaml is what the lake's files hold."""

from footfall.lake.contents import COLUMNS

from infra.template import load

from .folders import ROOT

IN_GLUE = {
    "INTEGER": "int",
    "BIGINT": "bigint",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP_MS": "timestamp",
    "VARCHAR": "string",
}


def test_the_table_has_every_column_of_the_files() -> None:
    table = load(ROOT / "infra" / "lake.yaml")["Resources"]["Events"]["Properties"]["TableInput"]
    columns = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}

    assert columns == {name: IN_GLUE[kind] for name, kind in COLUMNS.items()}
