-- The desk: what waits for whom, the filters people keep, the words they are typing.

-- Code of `item::Task`: what an open item waits for; NULL once nobody owes it anything.
ALTER TABLE item ADD COLUMN task TEXT COLLATE "C";
UPDATE item SET task = CASE stage
    WHEN 'received' THEN 'register'
    WHEN 'registered' THEN 'route'
    WHEN 'dispatched' THEN 'accept'
    WHEN 'return_review' THEN 'decide_return'
    WHEN 'arbitration' THEN 'arbitrate'
    WHEN 'handling' THEN 'answer'
    WHEN 'suspended' THEN 'resume'
    WHEN 'review_1' THEN 'review_first'
    WHEN 'review_2' THEN 'review_second'
    WHEN 'review_3' THEN 'review_third'
    WHEN 'approved' THEN 'release'
END
WHERE open;
-- An extension that was asked for and not decided is known to the ledger only.
UPDATE item SET task = 'decide_extension'
WHERE stage IN ('handling', 'suspended') AND EXISTS (
    SELECT 1 FROM ledger asked
    WHERE asked.subject = 'item:' || item.id AND asked.kind = 'item.extension_requested' AND NOT EXISTS (
        SELECT 1 FROM ledger later
        WHERE later.subject = asked.subject AND later.seq > asked.seq AND later.kind IN (
            'item.extension_granted', 'item.extension_rejected', 'reply.submitted', 'item.assigned', 'item.arbitrated',
            'item.reopened')));
-- Open items only: they are few, however many there have been.
CREATE INDEX item_by_task ON item (task, lead_unit_id, due_at, asked_at, number) WHERE task IS NOT NULL;

-- Who may not do what an item waits for, by what they did before (`Item::barred`): few rows, of items in review only.
CREATE TABLE item_barred (
    item_id    TEXT COLLATE "C" NOT NULL REFERENCES item (id),
    account_id TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    PRIMARY KEY (item_id, account_id)
);
-- Who wrote the reply, or approved the text that was submitted last, since the item was reopened if it was.
INSERT INTO item_barred (item_id, account_id)
SELECT DISTINCT item.id, account.id
FROM item
JOIN ledger done ON done.subject = 'item:' || item.id
JOIN account ON done.actor = 'account:' || account.id
WHERE item.stage IN ('review_1', 'review_2', 'review_3')
    AND done.kind IN ('reply.drafted', 'reply.submitted', 'reply.approved')
    AND NOT EXISTS (
        SELECT 1 FROM ledger later
        WHERE later.subject = done.subject AND later.seq > done.seq
            AND (later.kind = 'item.reopened'
                OR later.kind = 'reply.submitted' AND done.kind = 'reply.approved'));

CREATE TABLE saved_filter (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    account_id TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    ordinal    BIGINT NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    query      TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX saved_filter_by_name ON saved_filter (account_id, name);

-- What somebody is typing and has not saved: theirs alone, of no version, and gone once they save.
CREATE TABLE draft_note (
    account_id    TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    item_id       TEXT COLLATE "C" NOT NULL REFERENCES item (id),
    kind          TEXT COLLATE "C" NOT NULL,
    text          TEXT COLLATE "C" NOT NULL,
    base_revision BIGINT NOT NULL,
    saved_at      BIGINT NOT NULL,
    PRIMARY KEY (account_id, item_id, kind)
);
CREATE INDEX draft_note_by_item ON draft_note (item_id);
