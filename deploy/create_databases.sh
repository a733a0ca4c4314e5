#!/bin/sh
# Run once by the PostgreSQL image on an empty volume: a database and an owner each for Airflow and for DuckLake.
set -eu
for name in airflow ducklake; do
    if [ "$name" = airflow ]; then secret=$AIRFLOW_DB_PASSWORD; else secret=$DUCKLAKE_DB_PASSWORD; fi
    psql --quiet --username "$POSTGRES_USER" --set=secret="$secret" <<SQL
CREATE ROLE $name LOGIN PASSWORD :'secret';
CREATE DATABASE $name OWNER $name;
SQL
done
