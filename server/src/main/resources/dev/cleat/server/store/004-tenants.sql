-- Sessions, request ids and active sessions belong to a tenant. What was there before is that of "default"; its sessions are nobody's in
-- it, and its active sessions are those of callers who need no credential. Where a key changes, another table takes the place of the
-- first: the tables that refer to it by its name stay as they are.
CREATE TABLE next_session (
  id <text> NOT NULL PRIMARY KEY,
  tenant <text> NOT NULL,
  owner <text> NOT NULL,
  name <text>,
  tool <text> NOT NULL,
  state INTEGER NOT NULL,
  workspace <text>,
  parent_id <text>,
  internal INTEGER NOT NULL,
  created_nanos BIGINT NOT NULL,
  epoch BIGINT NOT NULL,
  folded_seq BIGINT NOT NULL,
  data <bytes> NOT NULL,
  fold <bytes> NOT NULL,
  resume_token <text>,
  UNIQUE (tenant, name)
);

INSERT INTO next_session (id, tenant, owner, name, tool, state, workspace, parent_id, internal, created_nanos, epoch, folded_seq, data, fold, resume_token)
SELECT id, 'default', '', name, tool, state, workspace, parent_id, internal, created_nanos, epoch, folded_seq, data, fold, resume_token FROM session;

DROP TABLE session;

ALTER TABLE next_session RENAME TO session;

CREATE INDEX session_by_age ON session (created_nanos, id);
CREATE INDEX session_by_tenant ON session (tenant, created_nanos, id);
CREATE INDEX session_by_parent ON session (parent_id);
CREATE INDEX session_by_resume_token ON session (tenant, resume_token, created_nanos, id);

CREATE TABLE next_request (
  kind <text> NOT NULL,
  tenant <text> NOT NULL,
  request_id <text> NOT NULL,
  fingerprint <bytes> NOT NULL,
  session_id <text> NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  turn_id <text>,
  expires_millis BIGINT NOT NULL,
  PRIMARY KEY (kind, tenant, request_id)
);

INSERT INTO next_request (kind, tenant, request_id, fingerprint, session_id, turn_id, expires_millis)
SELECT kind, 'default', request_id, fingerprint, session_id, turn_id, expires_millis FROM request;

DROP TABLE request;

ALTER TABLE next_request RENAME TO request;

CREATE INDEX request_by_session ON request (session_id);
CREATE INDEX request_by_expiry ON request (expires_millis);

CREATE TABLE next_active_session (
  tenant <text> NOT NULL,
  subject <text> NOT NULL,
  caller <text> NOT NULL,
  session_id <text> NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  PRIMARY KEY (tenant, subject, caller)
);

INSERT INTO next_active_session (tenant, subject, caller, session_id)
SELECT 'default', 'anonymous', caller, session_id FROM active_session;

DROP TABLE active_session;

ALTER TABLE next_active_session RENAME TO active_session;

CREATE INDEX active_session_by_session ON active_session (session_id);
