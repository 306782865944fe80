-- Who vouched for the person when the session was started: `password` (the account's own) or `oidc` (an identity provider).
ALTER TABLE session ADD COLUMN signed_in_by TEXT COLLATE "C" NOT NULL DEFAULT 'password';
