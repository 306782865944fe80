-- Files uploaded for import, the lease of a pull under way, what became of held rows, and the checks of the ledger.

CREATE TABLE upload (
    id           TEXT   NOT NULL PRIMARY KEY,
    file_name    TEXT   NOT NULL,
    file_kind    TEXT   NOT NULL,
    file_bytes   BIGINT NOT NULL,
    file_digest  TEXT   NOT NULL,
    stage        TEXT   NOT NULL,
    actor        TEXT   NOT NULL,
    connector    TEXT   NOT NULL,
    pull_id      TEXT   REFERENCES pull (id),
    row_total    BIGINT,
    problem_code TEXT   NOT NULL,
    problem      TEXT   NOT NULL,
    uploaded_at  BIGINT NOT NULL,
    finished_at  BIGINT,
    owner        TEXT   NOT NULL,
    lease_until  BIGINT NOT NULL
);
CREATE INDEX upload_by_stage ON upload (stage, id);

-- Who started a pull, the data directory it runs in, and until when it is known to run, in microseconds UTC.
ALTER TABLE pull ADD COLUMN actor TEXT NOT NULL DEFAULT '';
ALTER TABLE pull ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE pull ADD COLUMN lease_until BIGINT NOT NULL DEFAULT 0;
UPDATE pull SET actor = COALESCE(
    (SELECT ledger.actor FROM ledger WHERE ledger.subject = 'pull:' || pull.id AND ledger.kind = 'pull.started'), ''
);
CREATE INDEX pull_by_source_id ON pull (source_id, id);

-- The header of each sheet with held rows: a repaired row is mapped below the header it stood under.
CREATE TABLE pull_sheet (
    pull_id TEXT NOT NULL REFERENCES pull (id),
    sheet   TEXT NOT NULL,
    header  TEXT NOT NULL,
    PRIMARY KEY (pull_id, sheet)
);

ALTER TABLE hold ADD COLUMN resolution TEXT;
ALTER TABLE hold ADD COLUMN resolved_by TEXT;
ALTER TABLE hold ADD COLUMN item_id TEXT REFERENCES item (id);
ALTER TABLE hold ADD COLUMN note TEXT;
ALTER TABLE hold ADD COLUMN note_salt TEXT;
ALTER TABLE hold ADD COLUMN note_digest TEXT;
DROP INDEX hold_by_pull;
CREATE INDEX hold_by_pull ON hold (pull_id, row_number, id);
CREATE INDEX hold_by_source ON hold (source_id, pull_id, row_number, id);
CREATE INDEX hold_open ON hold (pull_id, row_number, id) WHERE resolved_at IS NULL;
CREATE INDEX hold_open_by_source ON hold (source_id, pull_id, row_number, id) WHERE resolved_at IS NULL;

CREATE TABLE ledger_check (
    id          TEXT   NOT NULL PRIMARY KEY,
    actor       TEXT   NOT NULL,
    started_at  BIGINT NOT NULL,
    finished_at BIGINT NOT NULL,
    seq         BIGINT NOT NULL,
    hash        TEXT   NOT NULL,
    texts       BIGINT NOT NULL,
    items       BIGINT NOT NULL,
    findings    TEXT   NOT NULL
);
