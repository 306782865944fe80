//! Both databases have the same tables, columns, keys and indexes.

use std::collections::BTreeSet;

use huiyin::store::Store;
use huiyin::store::statement::Statement;

use crate::support::stores::{Home, Texts};

async fn facts<const N: usize>(store: &Store, kind: &str, sql: &'static str) -> BTreeSet<String> {
    let mut reader = store.read().await.unwrap();
    let rows: Vec<Texts<N>> = reader.conn().all(Statement::new(sql, Vec::new())).await.unwrap();
    assert!(!rows.is_empty(), "there is no {kind} at all");
    rows.into_iter().map(|row| format!("{kind} {}", row.0.join(" "))).collect()
}

/// Table, column, type, whether it may be NULL, place in the primary key (0: none).
const SQLITE_COLUMNS: &str = "SELECT m.name, c.name, \
     CASE c.type WHEN 'INTEGER' THEN 'number' WHEN 'BIGINT' THEN 'number' ELSE lower(c.type) END, \
     CASE c.\"notnull\" WHEN 1 THEN 'required' ELSE 'optional' END, CAST(c.pk AS TEXT) \
     FROM sqlite_master m JOIN pragma_table_info(m.name) c \
     WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '_sqlx_%'";
const POSTGRES_COLUMNS: &str = "SELECT c.table_name::text, c.column_name::text, \
     CASE WHEN c.data_type IN ('bigint', 'integer') THEN 'number' ELSE c.data_type::text END, \
     CASE c.is_nullable WHEN 'NO' THEN 'required' ELSE 'optional' END, \
     COALESCE(k.ordinal_position, 0)::text \
     FROM information_schema.columns c \
     LEFT JOIN information_schema.table_constraints t \
     ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.constraint_type = 'PRIMARY KEY' \
     LEFT JOIN information_schema.key_column_usage k \
     ON k.constraint_name = t.constraint_name AND k.table_name = c.table_name AND k.column_name = c.column_name \
     WHERE c.table_schema = 'public' AND c.table_name NOT LIKE '\\_sqlx\\_%'";

/// Table, name (of a UNIQUE column: `-`), columns in order, whether unique, the condition of a partial one.
const SQLITE_INDEXES: &str = "SELECT m.name, CASE i.origin WHEN 'c' THEN i.name ELSE '-' END, \
     (SELECT group_concat(name, ',') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)), \
     CASE i.\"unique\" WHEN 1 THEN 'unique' ELSE 'plain' END, \
     CASE i.partial WHEN 1 THEN substr(s.sql, instr(s.sql, ' WHERE ') + 7) ELSE '' END \
     FROM sqlite_master m JOIN pragma_index_list(m.name) i JOIN sqlite_master s ON s.name = i.name \
     WHERE m.type = 'table' AND i.origin <> 'pk' AND m.name NOT LIKE '_sqlx_%'";
const POSTGRES_INDEXES: &str = "SELECT t.relname::text, CASE WHEN k.oid IS NULL THEN i.relname::text ELSE '-' END, \
     (SELECT string_agg(a.attname, ',' ORDER BY n.place) FROM unnest(x.indkey) WITH ORDINALITY AS n(number, place) \
     JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = n.number), \
     CASE WHEN x.indisunique THEN 'unique' ELSE 'plain' END, \
     COALESCE(REPLACE(trim(BOTH '()' FROM pg_get_expr(x.indpred, x.indrelid)), '::text', ''), '') \
     FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid \
     JOIN pg_namespace s ON s.oid = t.relnamespace LEFT JOIN pg_constraint k ON k.conindid = i.oid AND k.contype = 'u' \
     WHERE s.nspname = 'public' AND NOT x.indisprimary AND t.relname NOT LIKE '\\_sqlx\\_%'";

/// Table, column, what it refers to.
const SQLITE_REFERENCES: &str = "SELECT m.name, f.\"from\", f.\"table\", f.\"to\" \
     FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'";
const POSTGRES_REFERENCES: &str = "SELECT t.relname::text, a.attname::text, r.relname::text, b.attname::text \
     FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class r ON r.oid = c.confrelid \
     JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] \
     JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1] WHERE c.contype = 'f'";

const POSTGRES_COLLATIONS: &str = "SELECT COALESCE(collation_name, 'of the locale')::text \
     FROM information_schema.columns \
     WHERE table_schema = 'public' AND data_type = 'text' AND table_name NOT LIKE '\\_sqlx\\_%'";

#[tokio::test]
async fn the_schemas_are_the_same() {
    let Some(server) = Home::on_postgres().await else { return };
    let file = Home::on_sqlite().await;
    for (kind, sqlite, postgres) in [
        ("column", facts::<5>(&file.store, "column", SQLITE_COLUMNS).await, {
            facts::<5>(&server.store, "column", POSTGRES_COLUMNS).await
        }),
        ("index", facts::<5>(&file.store, "index", SQLITE_INDEXES).await, {
            facts::<5>(&server.store, "index", POSTGRES_INDEXES).await
        }),
        ("reference", facts::<4>(&file.store, "reference", SQLITE_REFERENCES).await, {
            facts::<4>(&server.store, "reference", POSTGRES_REFERENCES).await
        }),
    ] {
        let only_sqlite: Vec<_> = sqlite.difference(&postgres).collect();
        let only_postgres: Vec<_> = postgres.difference(&sqlite).collect();
        assert!(
            only_sqlite.is_empty() && only_postgres.is_empty(),
            "{kind}: only SQLite has {only_sqlite:#?}, only PostgreSQL has {only_postgres:#?}"
        );
    }
    let collations = facts::<1>(&server.store, "text compares by", POSTGRES_COLLATIONS).await;
    assert_eq!(collations, BTreeSet::from(["text compares by C".to_owned()]));
    server.store.close().await;
}

#[tokio::test]
async fn migrating_again_changes_nothing() {
    let file = Home::on_sqlite().await;
    let before = facts::<5>(&file.store, "column", SQLITE_COLUMNS).await;
    file.store.db().migrate().await.unwrap();
    assert_eq!(facts::<5>(&file.store, "column", SQLITE_COLUMNS).await, before);
}
