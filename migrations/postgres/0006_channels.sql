-- Sources that are read over the network: what a pull covered, when each source is read next, what is wrong with it.

-- Why a pull ran: `file`, `head` (a quick look), `sweep` (the whole list), `push`, `form` or `mail`.
ALTER TABLE pull ADD COLUMN purpose TEXT COLLATE "C" NOT NULL DEFAULT 'file';
-- How many the source says it has in all; NULL where it does not say.
ALTER TABLE pull ADD COLUMN claimed BIGINT;
-- Distinct messages met.
ALTER TABLE pull ADD COLUMN met BIGINT NOT NULL DEFAULT 0;
ALTER TABLE pull ADD COLUMN pages BIGINT NOT NULL DEFAULT 0;
ALTER TABLE pull ADD COLUMN withdrawn BIGINT NOT NULL DEFAULT 0;
ALTER TABLE pull ADD COLUMN returned BIGINT NOT NULL DEFAULT 0;
-- Whether it went to the end of the list.
ALTER TABLE pull ADD COLUMN complete BOOLEAN NOT NULL DEFAULT FALSE;
-- Why it ended early, as a code and as a sentence; empty when it did not.
ALTER TABLE pull ADD COLUMN problem_code TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE pull ADD COLUMN problem TEXT COLLATE "C" NOT NULL DEFAULT '';

-- The pulls of a day.
CREATE INDEX pull_by_start ON pull (started_at, id);

-- Digest of the row in the source's list; NULL when its detail has to be read again.
ALTER TABLE message ADD COLUMN list_digest TEXT COLLATE "C";
-- Where the source shows it.
ALTER TABLE message ADD COLUMN url TEXT COLLATE "C" NOT NULL DEFAULT '';
-- The number the source prints; where it is a running number, its series and its place in it.
ALTER TABLE message ADD COLUMN printed_number TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN series TEXT COLLATE "C";
ALTER TABLE message ADD COLUMN running BIGINT;
-- The unit the source names, as it writes it.
ALTER TABLE message ADD COLUMN named_unit TEXT COLLATE "C" NOT NULL DEFAULT '';
-- Since when the source no longer shows it, microseconds UTC.
ALTER TABLE message ADD COLUMN withdrawn_at BIGINT;
CREATE INDEX message_by_seen ON message (source_id, first_seen_at, id);
CREATE INDEX message_by_running ON message (source_id, series, running) WHERE running IS NOT NULL;
CREATE INDEX message_withdrawn ON message (source_id, withdrawn_at, id) WHERE withdrawn_at IS NOT NULL;

-- The source's own key of a row that could not be read, where it has one: settled by itself once it can be read.
ALTER TABLE hold ADD COLUMN source_key TEXT COLLATE "C";
CREATE INDEX hold_by_key ON hold (source_id, source_key) WHERE source_key IS NOT NULL;

-- When a source is read next. Instants are microseconds UTC; NULL: not read in this way. `since`: when it was switched
-- on; the intervals are its connector's, in seconds.
CREATE TABLE schedule (
    source_id     TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES source (id),
    enabled       BOOLEAN NOT NULL,
    since         BIGINT NOT NULL,
    head_every    BIGINT,
    sweep_every   BIGINT,
    expect_every  BIGINT,
    head_due_at   BIGINT,
    sweep_due_at  BIGINT,
    head_done_at  BIGINT,
    sweep_done_at BIGINT,
    new_at        BIGINT,
    failures      BIGINT NOT NULL,
    blocked_until BIGINT,
    blocked_code  TEXT COLLATE "C" NOT NULL,
    validators    TEXT COLLATE "C" NOT NULL
);

-- Work to be done by whichever node comes first. One runs for a source at a time.
CREATE TABLE job (
    id          TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    kind        TEXT COLLATE "C"   NOT NULL,
    source_id   TEXT COLLATE "C"   NOT NULL REFERENCES source (id),
    stage       TEXT COLLATE "C"   NOT NULL,
    run_at      BIGINT NOT NULL,
    attempts    BIGINT NOT NULL,
    actor       TEXT COLLATE "C"   NOT NULL,
    owner       TEXT COLLATE "C"   NOT NULL,
    lease_until BIGINT NOT NULL,
    pull_id     TEXT COLLATE "C"   REFERENCES pull (id),
    problem     TEXT COLLATE "C"   NOT NULL,
    created_at  BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE UNIQUE INDEX job_running ON job (source_id) WHERE stage = 'running';
CREATE UNIQUE INDEX job_waiting ON job (source_id, kind) WHERE stage = 'waiting';
CREATE INDEX job_by_stage ON job (stage, run_at, id);
CREATE INDEX job_by_source ON job (source_id, id);

-- What is wrong with a source until somebody or the next pull settles it. `subject` tells two of one kind apart
-- (a number, a page, a day); it is never personal.
CREATE TABLE alarm (
    id         TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    source_id  TEXT COLLATE "C"   NOT NULL REFERENCES source (id),
    pull_id    TEXT COLLATE "C"   REFERENCES pull (id),
    code       TEXT COLLATE "C"   NOT NULL,
    subject    TEXT COLLATE "C"   NOT NULL,
    detail     TEXT COLLATE "C"   NOT NULL,
    raised_at  BIGINT NOT NULL,
    met_at     BIGINT NOT NULL,
    settled_at BIGINT,
    settled_by TEXT COLLATE "C",
    -- Why somebody settled it, with salt and digest.
    note       TEXT COLLATE "C",
    note_salt  TEXT COLLATE "C",
    note_digest TEXT COLLATE "C"
);
CREATE UNIQUE INDEX alarm_open ON alarm (source_id, code, subject) WHERE settled_at IS NULL;
CREATE INDEX alarm_by_source ON alarm (source_id, id);
CREATE INDEX alarm_open_by_id ON alarm (id) WHERE settled_at IS NULL;

-- Which unit a source means by a name, learnt from what the office assigned.
CREATE TABLE unit_alias (
    word       TEXT COLLATE "C"   NOT NULL PRIMARY KEY,
    unit_id    TEXT COLLATE "C"   NOT NULL REFERENCES unit (id),
    uses       BIGINT NOT NULL,
    learned_at BIGINT NOT NULL,
    learned_by TEXT COLLATE "C"   NOT NULL
);
CREATE INDEX unit_alias_by_unit ON unit_alias (unit_id, word);

-- What holding a day's witnesses against one another came to, once the day was over: what came and what is there of it.
CREATE TABLE day_check (
    day         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    checked_at  BIGINT NOT NULL,
    came        BIGINT NOT NULL,
    accounted   BIGINT NOT NULL,
    differences BIGINT NOT NULL
);
