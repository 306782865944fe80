-- The foundation: ledger, accounts, sources, messages, items, replies, publication.
-- Text compares by its bytes ("C"), as in SQLite: the server's locale changes no order and no page.
-- Instants are microseconds UTC; ids are UUIDs as text; `state` columns hold JSON that SQL never looks into.

CREATE TABLE ledger_head (
    id   INTEGER          NOT NULL PRIMARY KEY CHECK (id = 1),
    seq  BIGINT           NOT NULL,
    hash TEXT COLLATE "C" NOT NULL
);
INSERT INTO ledger_head (id, seq, hash)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

CREATE TABLE ledger (
    seq       BIGINT           NOT NULL PRIMARY KEY,
    at        BIGINT           NOT NULL,
    actor     TEXT COLLATE "C" NOT NULL,
    subject   TEXT COLLATE "C" NOT NULL,
    kind      TEXT COLLATE "C" NOT NULL,
    body      TEXT COLLATE "C" NOT NULL,
    prev_hash TEXT COLLATE "C" NOT NULL,
    hash      TEXT COLLATE "C" NOT NULL
);
CREATE INDEX ledger_by_subject ON ledger (subject, seq);

-- Dense numbers handed out inside the writing transaction.
CREATE TABLE counter (
    name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value BIGINT           NOT NULL
);
INSERT INTO counter (name, value) VALUES ('item', 0);

CREATE TABLE unit (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    code       TEXT COLLATE "C" NOT NULL UNIQUE,
    name       TEXT COLLATE "C" NOT NULL,
    kind       TEXT COLLATE "C" NOT NULL,
    active     BOOLEAN          NOT NULL,
    created_at BIGINT           NOT NULL
);

CREATE TABLE account (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    login         TEXT COLLATE "C" NOT NULL UNIQUE,
    name          TEXT COLLATE "C" NOT NULL,
    unit_id       TEXT COLLATE "C" NOT NULL REFERENCES unit (id),
    roles         TEXT COLLATE "C" NOT NULL,
    password_hash TEXT COLLATE "C" NOT NULL,
    active        BOOLEAN          NOT NULL,
    created_at    BIGINT           NOT NULL
);
CREATE INDEX account_by_unit ON account (unit_id);

CREATE TABLE session (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id   TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    token_digest TEXT COLLATE "C" NOT NULL UNIQUE,
    created_at   BIGINT           NOT NULL,
    expires_at   BIGINT           NOT NULL,
    revoked_at   BIGINT
);
CREATE INDEX session_by_account ON session (account_id);

CREATE TABLE source (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name       TEXT COLLATE "C" NOT NULL,
    channel    TEXT COLLATE "C" NOT NULL,
    created_at BIGINT           NOT NULL
);

CREATE TABLE pull (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    source_id   TEXT COLLATE "C" NOT NULL REFERENCES source (id),
    stage       TEXT COLLATE "C" NOT NULL,
    file_name   TEXT COLLATE "C" NOT NULL,
    file_digest TEXT COLLATE "C" NOT NULL,
    started_at  BIGINT           NOT NULL,
    finished_at BIGINT,
    stated      BIGINT           NOT NULL,
    accepted    BIGINT           NOT NULL,
    unchanged   BIGINT           NOT NULL,
    changed     BIGINT           NOT NULL,
    held        BIGINT           NOT NULL,
    rejected    BIGINT           NOT NULL
);
CREATE INDEX pull_by_source ON pull (source_id, started_at);
CREATE INDEX pull_by_stage ON pull (stage, started_at);

CREATE TABLE hold (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    pull_id     TEXT COLLATE "C" NOT NULL REFERENCES pull (id),
    source_id   TEXT COLLATE "C" NOT NULL REFERENCES source (id),
    sheet       TEXT COLLATE "C" NOT NULL,
    row_number  BIGINT           NOT NULL,
    column_name TEXT COLLATE "C" NOT NULL,
    reason      TEXT COLLATE "C" NOT NULL,
    message     TEXT COLLATE "C" NOT NULL,
    raw         TEXT COLLATE "C" NOT NULL,
    raw_digest  TEXT COLLATE "C" NOT NULL,
    held_at     BIGINT           NOT NULL,
    resolved_at BIGINT
);
CREATE UNIQUE INDEX hold_by_raw ON hold (source_id, raw_digest);
CREATE INDEX hold_by_pull ON hold (pull_id, row_number);

CREATE TABLE message (
    id             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    source_id      TEXT COLLATE "C" NOT NULL REFERENCES source (id),
    source_key     TEXT COLLATE "C" NOT NULL,
    version        BIGINT           NOT NULL,
    content_digest TEXT COLLATE "C" NOT NULL,
    first_seen_at  BIGINT           NOT NULL
);
CREATE UNIQUE INDEX message_by_key ON message (source_id, source_key);

CREATE TABLE message_version (
    message_id    TEXT COLLATE "C" NOT NULL REFERENCES message (id),
    version       BIGINT           NOT NULL,
    pull_id       TEXT COLLATE "C" NOT NULL REFERENCES pull (id),
    first_seen_at BIGINT           NOT NULL,
    title         TEXT COLLATE "C" NOT NULL,
    body          TEXT COLLATE "C" NOT NULL,
    author        TEXT COLLATE "C" NOT NULL,
    contact       TEXT COLLATE "C" NOT NULL,
    address       TEXT COLLATE "C" NOT NULL,
    asked_at      BIGINT,
    reply         TEXT COLLATE "C" NOT NULL,
    reply_unit    TEXT COLLATE "C" NOT NULL,
    replied_at    BIGINT,
    raw           TEXT COLLATE "C" NOT NULL,
    salt          TEXT COLLATE "C" NOT NULL,
    digest        TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (message_id, version)
);

CREATE TABLE item (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    number          BIGINT           NOT NULL,
    message_id      TEXT COLLATE "C" NOT NULL REFERENCES message (id),
    source_id       TEXT COLLATE "C" NOT NULL REFERENCES source (id),
    title           TEXT COLLATE "C" NOT NULL,
    fingerprint     TEXT COLLATE "C" NOT NULL,
    repeat_of       TEXT COLLATE "C" REFERENCES item (id),
    request_type    TEXT COLLATE "C" NOT NULL,
    stage           TEXT COLLATE "C" NOT NULL,
    open            BOOLEAN          NOT NULL,
    lead_unit_id    TEXT COLLATE "C" REFERENCES unit (id),
    asked_at        BIGINT           NOT NULL,
    received_at     BIGINT           NOT NULL,
    due_at          BIGINT,
    due_provisional BOOLEAN          NOT NULL,
    replied_at      BIGINT,
    revision        BIGINT           NOT NULL,
    state           TEXT COLLATE "C" NOT NULL
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
    item_id  TEXT COLLATE "C" NOT NULL REFERENCES item (id),
    unit_id  TEXT COLLATE "C" NOT NULL REFERENCES unit (id),
    part     TEXT COLLATE "C" NOT NULL,
    asked_at BIGINT           NOT NULL,
    number   BIGINT           NOT NULL,
    PRIMARY KEY (item_id, unit_id)
);
CREATE INDEX item_unit_by_unit ON item_unit (unit_id, asked_at, number);

-- Free text said about an item (basis of a return, a reviewer's comment): the ledger holds its digest only.
CREATE TABLE item_note (
    item_id TEXT COLLATE "C" NOT NULL REFERENCES item (id),
    ordinal BIGINT           NOT NULL,
    kind    TEXT COLLATE "C" NOT NULL,
    actor   TEXT COLLATE "C" NOT NULL,
    at      BIGINT           NOT NULL,
    text    TEXT COLLATE "C" NOT NULL,
    salt    TEXT COLLATE "C" NOT NULL,
    digest  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (item_id, ordinal)
);

CREATE TABLE reply_version (
    item_id  TEXT COLLATE "C" NOT NULL REFERENCES item (id),
    reply_id TEXT COLLATE "C" NOT NULL,
    version  BIGINT           NOT NULL,
    text     TEXT COLLATE "C" NOT NULL,
    actor    TEXT COLLATE "C" NOT NULL,
    at       BIGINT           NOT NULL,
    salt     TEXT COLLATE "C" NOT NULL,
    digest   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (item_id, reply_id, version)
);

CREATE TABLE publication (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    month        TEXT COLLATE "C" NOT NULL UNIQUE,
    stage        TEXT COLLATE "C" NOT NULL,
    title        TEXT COLLATE "C" NOT NULL,
    revision     BIGINT           NOT NULL,
    state        TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT           NOT NULL,
    published_at BIGINT
);
CREATE INDEX publication_by_stage ON publication (stage, month);

CREATE TABLE entry (
    id             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    publication_id TEXT COLLATE "C" NOT NULL REFERENCES publication (id),
    ordinal        BIGINT           NOT NULL,
    item_id        TEXT COLLATE "C" NOT NULL REFERENCES item (id),
    unit_id        TEXT COLLATE "C" REFERENCES unit (id),
    stage          TEXT COLLATE "C" NOT NULL,
    version        BIGINT           NOT NULL,
    revision       BIGINT           NOT NULL,
    state          TEXT COLLATE "C" NOT NULL,
    asked_at       BIGINT           NOT NULL,
    replied_at     BIGINT           NOT NULL
);
CREATE UNIQUE INDEX entry_by_publication ON entry (publication_id, ordinal);
CREATE UNIQUE INDEX entry_by_item ON entry (publication_id, item_id);

CREATE TABLE entry_version (
    entry_id TEXT COLLATE "C" NOT NULL REFERENCES entry (id),
    version  BIGINT           NOT NULL,
    question TEXT COLLATE "C" NOT NULL,
    answer   TEXT COLLATE "C" NOT NULL,
    basis    TEXT COLLATE "C" NOT NULL,
    actor    TEXT COLLATE "C" NOT NULL,
    at       BIGINT           NOT NULL,
    salt     TEXT COLLATE "C" NOT NULL,
    digest   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (entry_id, version)
);
