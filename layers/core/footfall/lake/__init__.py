"""The lake: every event once more as columns, in Parquet files that any SQL engine reads."""
