-- Doors by which messages come in of themselves: pushed by a platform, or written into the bureau's own form.
-- Instants are microseconds UTC.

-- What a push was answered: the same request sent again gets the same answer. Forgotten after seven days.
CREATE TABLE push_receipt (
    source_id   TEXT   NOT NULL REFERENCES source (id),
    request_key TEXT   NOT NULL,
    body_digest TEXT   NOT NULL,
    answer      TEXT   NOT NULL,
    answered_at BIGINT NOT NULL,
    PRIMARY KEY (source_id, request_key)
);
CREATE INDEX push_receipt_by_time ON push_receipt (answered_at);

-- With what somebody who wrote into the form may look up their message: the salted digest of a code that is kept nowhere.
CREATE TABLE inquiry (
    message_id   TEXT    NOT NULL PRIMARY KEY REFERENCES message (id),
    salt         TEXT    NOT NULL,
    digest       TEXT    NOT NULL,
    confidential BOOLEAN NOT NULL,
    created_at   BIGINT  NOT NULL
);

-- Pictures and documents of a message. The bytes lie beside the database, under the SM3 of what they are (`content`).
CREATE TABLE attachment (
    id           TEXT   NOT NULL PRIMARY KEY,
    message_id   TEXT   NOT NULL REFERENCES message (id),
    ordinal      BIGINT NOT NULL,
    name         TEXT   NOT NULL,
    url          TEXT   NOT NULL,
    media_type   TEXT   NOT NULL,
    bytes        BIGINT NOT NULL,
    content      TEXT,
    stage        TEXT   NOT NULL,
    problem_code TEXT   NOT NULL,
    problem      TEXT   NOT NULL,
    added_at     BIGINT NOT NULL,
    salt         TEXT   NOT NULL,
    digest       TEXT   NOT NULL
);
CREATE UNIQUE INDEX attachment_by_message ON attachment (message_id, ordinal);
CREATE INDEX attachment_by_content ON attachment (content) WHERE content IS NOT NULL;
CREATE INDEX attachment_by_stage ON attachment (stage, id);

-- Keys that all nodes share and that never leave the database, by what they are for.
CREATE TABLE door_key (
    name    TEXT   NOT NULL PRIMARY KEY,
    value   TEXT   NOT NULL,
    made_at BIGINT NOT NULL
);
