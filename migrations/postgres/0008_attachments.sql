-- Pictures and documents that messages of sources on the network name: listed with the message, fetched later.

-- The source that is asked for it; empty for one that came with its message.
ALTER TABLE attachment ADD COLUMN source_id TEXT COLLATE "C" NOT NULL DEFAULT '';
-- When it was listed, and what the ledger says of it from then, with salt; zero and empty for one that came with its message.
ALTER TABLE attachment ADD COLUMN listed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE attachment ADD COLUMN listed_salt TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE attachment ADD COLUMN listed_digest TEXT COLLATE "C" NOT NULL DEFAULT '';
-- How often it was tried in vain.
ALTER TABLE attachment ADD COLUMN attempts BIGINT NOT NULL DEFAULT 0;
CREATE INDEX attachment_due ON attachment (source_id, attempts, id) WHERE stage = 'listed';
