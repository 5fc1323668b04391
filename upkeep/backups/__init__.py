"""Backups: made while everything runs, put back, and tried: a backup that nobody has put back yet is a hope.

    DIR/2026-11-29T16-40-00Z/
        manifest.json       what it is: release, schema, rows of each table, place of the change feed, sha256 of each file
        database.sqlite     or database.dump, of PostgreSQL, in pg_dump's custom format; in neither with --without-database
        spool/              receipts that the database had not taken
        secrets/            what was made at the first start, the secret key before all
        erasures.jsonl      who was erased: put back without it, a backup brings them back
        wrapup.toml         the settings file, each ${NAME} as it stands there

It is written under another name, and gets this one when it is whole.
"""
