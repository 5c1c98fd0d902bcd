-- Dagster's history has a database of its own beside the ledger's.
CREATE DATABASE dagster;
