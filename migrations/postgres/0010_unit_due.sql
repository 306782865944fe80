-- What a unit has to answer, in the order in which it came or is due: its rows have a copy of what the item says of that,
-- so that the unit's list costs the same however much others have open.
ALTER TABLE item_unit ADD COLUMN open BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE item_unit ADD COLUMN due_at BIGINT;
UPDATE item_unit SET
    open = (SELECT item.open FROM item WHERE item.id = item_unit.item_id),
    due_at = (SELECT item.due_at FROM item WHERE item.id = item_unit.item_id);
CREATE INDEX item_unit_by_due ON item_unit (unit_id, open, due_at, number);
CREATE INDEX item_unit_by_open ON item_unit (unit_id, open, asked_at, number);
