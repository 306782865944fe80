-- The foundation: ledger, accounts, sources, messages, items, replies, publication.
-- Instants are microseconds UTC; ids are UUIDs as text; `state` columns hold JSON that SQL never looks into.

CREATE TABLE ledger_head (
    id   INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    seq  BIGINT  NOT NULL,
    hash TEXT    NOT NULL
);
INSERT INTO ledger_head (id, seq, hash)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

CREATE TABLE ledger (
    seq       INTEGER NOT NULL PRIMARY KEY,
    at        BIGINT  NOT NULL,
    actor     TEXT    NOT NULL,
    subject   TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    body      TEXT    NOT NULL,
    prev_hash TEXT    NOT NULL,
    hash      TEXT    NOT NULL
);
CREATE INDEX ledger_by_subject ON ledger (subject, seq);

-- Dense numbers handed out inside the writing transaction.
CREATE TABLE counter (
    name  TEXT   NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('item', 0);

CREATE TABLE unit (
    id         TEXT    NOT NULL PRIMARY KEY,
    code       TEXT    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    active     BOOLEAN NOT NULL,
    created_at BIGINT  NOT NULL
);

CREATE TABLE account (
    id            TEXT    NOT NULL PRIMARY KEY,
    login         TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL,
    unit_id       TEXT    NOT NULL REFERENCES unit (id),
    roles         TEXT    NOT NULL,
    password_hash TEXT    NOT NULL,
    active        BOOLEAN NOT NULL,
    created_at    BIGINT  NOT NULL
);
CREATE INDEX account_by_unit ON account (unit_id);

CREATE TABLE session (
    id           TEXT   NOT NULL PRIMARY KEY,
    account_id   TEXT   NOT NULL REFERENCES account (id),
    token_digest TEXT   NOT NULL UNIQUE,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    revoked_at   BIGINT
);
CREATE INDEX session_by_account ON session (account_id);

CREATE TABLE source (
    id         TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    channel    TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE pull (
    id          TEXT   NOT NULL PRIMARY KEY,
    source_id   TEXT   NOT NULL REFERENCES source (id),
    stage       TEXT   NOT NULL,
    file_name   TEXT   NOT NULL,
    file_digest TEXT   NOT NULL,
    started_at  BIGINT NOT NULL,
    finished_at BIGINT,
    stated      BIGINT NOT NULL,
    accepted    BIGINT NOT NULL,
    unchanged   BIGINT NOT NULL,
    changed     BIGINT NOT NULL,
    held        BIGINT NOT NULL,
    rejected    BIGINT NOT NULL
);
CREATE INDEX pull_by_source ON pull (source_id, started_at);
CREATE INDEX pull_by_stage ON pull (stage, started_at);

CREATE TABLE hold (
    id          TEXT   NOT NULL PRIMARY KEY,
    pull_id     TEXT   NOT NULL REFERENCES pull (id),
    source_id   TEXT   NOT NULL REFERENCES source (id),
    sheet       TEXT   NOT NULL,
    row_number  BIGINT NOT NULL,
    column_name TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    message     TEXT   NOT NULL,
    raw         TEXT   NOT NULL,
    raw_digest  TEXT   NOT NULL,
    held_at     BIGINT NOT NULL,
    resolved_at BIGINT
);
CREATE UNIQUE INDEX hold_by_raw ON hold (source_id, raw_digest);
CREATE INDEX hold_by_pull ON hold (pull_id, row_number);

CREATE TABLE message (
    id             TEXT   NOT NULL PRIMARY KEY,
    source_id      TEXT   NOT NULL REFERENCES source (id),
    source_key     TEXT   NOT NULL,
    version        BIGINT NOT NULL,
    content_digest TEXT   NOT NULL,
    first_seen_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX message_by_key ON message (source_id, source_key);

CREATE TABLE message_version (
    message_id    TEXT   NOT NULL REFERENCES message (id),
    version       BIGINT NOT NULL,
    pull_id       TEXT   NOT NULL REFERENCES pull (id),
    first_seen_at BIGINT NOT NULL,
    title         TEXT   NOT NULL,
    body          TEXT   NOT NULL,
    author        TEXT   NOT NULL,
    contact       TEXT   NOT NULL,
    address       TEXT   NOT NULL,
    asked_at      BIGINT,
    reply         TEXT   NOT NULL,
    reply_unit    TEXT   NOT NULL,
    replied_at    BIGINT,
    raw           TEXT   NOT NULL,
    salt          TEXT   NOT NULL,
    digest        TEXT   NOT NULL,
    PRIMARY KEY (message_id, version)
);

CREATE TABLE item (
    id              TEXT    NOT NULL PRIMARY KEY,
    number          BIGINT  NOT NULL,
    message_id      TEXT    NOT NULL REFERENCES message (id),
    source_id       TEXT    NOT NULL REFERENCES source (id),
    title           TEXT    NOT NULL,
    fingerprint     TEXT    NOT NULL,
    repeat_of       TEXT    REFERENCES item (id),
    request_type    TEXT    NOT NULL,
    stage           TEXT    NOT NULL,
    open            BOOLEAN NOT NULL,
    lead_unit_id    TEXT    REFERENCES unit (id),
    asked_at        BIGINT  NOT NULL,
    received_at     BIGINT  NOT NULL,
    due_at          BIGINT,
    due_provisional BOOLEAN NOT NULL,
    replied_at      BIGINT,
    revision        BIGINT  NOT NULL,
    state           TEXT    NOT NULL
);
CREATE UNIQUE INDEX item_by_number ON item (number);
CREATE UNIQUE INDEX item_by_message ON item (message_id);
CREATE INDEX item_by_asked ON item (asked_at, number);
CREATE INDEX item_by_stage ON item (stage, asked_at, number);
CREATE INDEX item_by_source ON item (source_id, asked_at, number);
CREATE INDEX item_by_lead ON item (lead_unit_id, asked_at, number);
CREATE INDEX item_by_type ON item (request_type, asked_at, number);
CREATE INDEX item_by_open ON item (open, asked_at, number);
CREATE INDEX item_by_due ON item (open, due_at, number);
-- Partial, so that each answers its one question and cannot be mistaken for the way to another.
CREATE INDEX item_answered ON item (asked_at, number, replied_at) WHERE replied_at IS NOT NULL;
CREATE INDEX item_by_fingerprint ON item (fingerprint) WHERE repeat_of IS NULL;
CREATE INDEX item_by_repeat ON item (repeat_of, number) WHERE repeat_of IS NOT NULL;

-- Which units an item concerns today: what a unit may see, in the order it lists it.
CREATE TABLE item_unit (
    item_id  TEXT   NOT NULL REFERENCES item (id),
    unit_id  TEXT   NOT NULL REFERENCES unit (id),
    part     TEXT   NOT NULL,
    asked_at BIGINT NOT NULL,
    number   BIGINT NOT NULL,
    PRIMARY KEY (item_id, unit_id)
);
CREATE INDEX item_unit_by_unit ON item_unit (unit_id, asked_at, number);

-- Free text said about an item (basis of a return, a reviewer's comment): the ledger holds its digest only.
CREATE TABLE item_note (
    item_id TEXT   NOT NULL REFERENCES item (id),
    ordinal BIGINT NOT NULL,
    kind    TEXT   NOT NULL,
    actor   TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    text    TEXT   NOT NULL,
    salt    TEXT   NOT NULL,
    digest  TEXT   NOT NULL,
    PRIMARY KEY (item_id, ordinal)
);

CREATE TABLE reply_version (
    item_id  TEXT   NOT NULL REFERENCES item (id),
    reply_id TEXT   NOT NULL,
    version  BIGINT NOT NULL,
    text     TEXT   NOT NULL,
    actor    TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    salt     TEXT   NOT NULL,
    digest   TEXT   NOT NULL,
    PRIMARY KEY (item_id, reply_id, version)
);

CREATE TABLE publication (
    id           TEXT   NOT NULL PRIMARY KEY,
    month        TEXT   NOT NULL UNIQUE,
    stage        TEXT   NOT NULL,
    title        TEXT   NOT NULL,
    revision     BIGINT NOT NULL,
    state        TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    published_at BIGINT
);
CREATE INDEX publication_by_stage ON publication (stage, month);

CREATE TABLE entry (
    id             TEXT   NOT NULL PRIMARY KEY,
    publication_id TEXT   NOT NULL REFERENCES publication (id),
    ordinal        BIGINT NOT NULL,
    item_id        TEXT   NOT NULL REFERENCES item (id),
    unit_id        TEXT   REFERENCES unit (id),
    stage          TEXT   NOT NULL,
    version        BIGINT NOT NULL,
    revision       BIGINT NOT NULL,
    state          TEXT   NOT NULL,
    asked_at       BIGINT NOT NULL,
    replied_at     BIGINT NOT NULL
);
CREATE UNIQUE INDEX entry_by_publication ON entry (publication_id, ordinal);
CREATE UNIQUE INDEX entry_by_item ON entry (publication_id, item_id);

CREATE TABLE entry_version (
    entry_id TEXT   NOT NULL REFERENCES entry (id),
    version  BIGINT NOT NULL,
    question TEXT   NOT NULL,
    answer   TEXT   NOT NULL,
    basis    TEXT   NOT NULL,
    actor    TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    salt     TEXT   NOT NULL,
    digest   TEXT   NOT NULL,
    PRIMARY KEY (entry_id, version)
);
