-- Accounts: first passwords, lock-out, what sessions tell of themselves, the second factor, access tokens.

-- A password that an administrator gave is changed before anything else is done.
ALTER TABLE account ADD COLUMN must_change BOOLEAN NOT NULL DEFAULT FALSE;
-- Whether signing in takes a code as well; the secret stands apart in second_factor.
ALTER TABLE account ADD COLUMN second_factor BOOLEAN NOT NULL DEFAULT FALSE;

-- Sessions from before this migration have been idle since the beginning of time: they are over.
ALTER TABLE session ADD COLUMN client TEXT NOT NULL DEFAULT 'unknown';
ALTER TABLE session ADD COLUMN last_used_at BIGINT NOT NULL DEFAULT 0;

-- Logins that have to wait, whether an account has them or not: what is typed may be anything, so only its digest is kept.
CREATE TABLE sign_in_lock (
    login_digest TEXT   NOT NULL PRIMARY KEY,
    locked_until BIGINT NOT NULL
);
CREATE INDEX sign_in_lock_by_end ON sign_in_lock (locked_until);

-- TOTP (RFC 6238). The secret is kept as it is: whoever reads the database has the passwords' hashes and the data as well.
CREATE TABLE second_factor (
    account_id   TEXT   NOT NULL PRIMARY KEY REFERENCES account (id),
    secret       TEXT   NOT NULL,
    last_step    BIGINT NOT NULL,
    confirmed_at BIGINT
);

CREATE TABLE recovery_code (
    account_id  TEXT   NOT NULL REFERENCES account (id),
    code_digest TEXT   NOT NULL,
    used_at     BIGINT,
    PRIMARY KEY (account_id, code_digest)
);

-- Personal access tokens for the API; of the token itself only the digest is kept.
CREATE TABLE access_token (
    id           TEXT   NOT NULL PRIMARY KEY,
    account_id   TEXT   NOT NULL REFERENCES account (id),
    name         TEXT   NOT NULL,
    scopes       TEXT   NOT NULL,
    token_digest TEXT   NOT NULL UNIQUE,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at   BIGINT
);
CREATE INDEX access_token_by_account ON access_token (account_id, created_at);
