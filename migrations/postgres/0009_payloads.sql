-- What sources sent, as they sent it: pages, requests, files. The bytes lie beside the database for some days, packed, each
-- under the SM3 of what was sent (`content`).
CREATE TABLE payload (
    pull_id    TEXT COLLATE "C" NOT NULL REFERENCES pull (id),
    -- Its place among those of the pull, from one.
    ordinal    BIGINT           NOT NULL,
    -- The request it answers, without anything secret; empty for what was sent by itself.
    url        TEXT COLLATE "C" NOT NULL,
    media_type TEXT COLLATE "C" NOT NULL,
    charset    TEXT COLLATE "C" NOT NULL,
    bytes      BIGINT           NOT NULL,
    content    TEXT COLLATE "C" NOT NULL,
    -- Microseconds UTC.
    taken_at   BIGINT           NOT NULL,
    PRIMARY KEY (pull_id, ordinal)
);
CREATE INDEX payload_by_content ON payload (content);
CREATE INDEX payload_by_time ON payload (taken_at, pull_id, ordinal);

-- The payload of its pull on which a held row stood, by its content; NULL when none was kept.
ALTER TABLE hold ADD COLUMN payload TEXT COLLATE "C";
