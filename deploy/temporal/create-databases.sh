#!/bin/sh
# Creates Temporal's two databases and brings their schemas up to date. Can be run again: what exists is kept.
# POSTGRES_HOST, POSTGRES_PORT, POSTGRES_USER, SQL_PASSWORD (the tool reads the last one by itself).
set -eu

for schema in temporal visibility; do
  database=temporal
  [ "$schema" = temporal ] || database=temporal_visibility
  tool="temporal-sql-tool --plugin postgres12 --ep $POSTGRES_HOST -p $POSTGRES_PORT -u $POSTGRES_USER --db $database"
  $tool create
  $tool setup-schema -v 0.0
  $tool update-schema --schema-name "postgresql/v12/$schema"
done
