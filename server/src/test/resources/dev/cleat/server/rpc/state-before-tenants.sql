-- state.db as the version before tenants left it: the third schema, and a session that has ended, with a turn.
CREATE TABLE schema_version (version INTEGER NOT NULL);
INSERT INTO schema_version (version) VALUES (3);
CREATE TABLE session (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT UNIQUE,
  tool TEXT NOT NULL,
  state INTEGER NOT NULL,
  workspace TEXT,
  parent_id TEXT,
  internal INTEGER NOT NULL,
  created_nanos BIGINT NOT NULL,
  epoch BIGINT NOT NULL,
  folded_seq BIGINT NOT NULL,
  data BLOB NOT NULL,
  fold BLOB NOT NULL
);
CREATE INDEX session_by_age ON session (created_nanos, id);
CREATE INDEX session_by_parent ON session (parent_id);
CREATE TABLE session_secret (
  session_id TEXT NOT NULL PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE,
  data BLOB NOT NULL
);
CREATE TABLE session_label (
  session_id TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  label TEXT NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (session_id, label)
);
CREATE INDEX session_label_by_content ON session_label (label, content);
CREATE TABLE deleted_session (
  id TEXT NOT NULL PRIMARY KEY
);
CREATE TABLE turn (
  session_id TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  number BIGINT NOT NULL,
  state INTEGER NOT NULL,
  ended INTEGER NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (session_id, id)
);
CREATE INDEX turn_by_number ON turn (session_id, number);
CREATE INDEX turn_by_ended ON turn (session_id, ended, number);
CREATE TABLE request (
  kind TEXT NOT NULL,
  request_id TEXT NOT NULL,
  fingerprint BLOB NOT NULL,
  session_id TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  turn_id TEXT,
  expires_millis BIGINT NOT NULL,
  PRIMARY KEY (kind, request_id)
);
CREATE INDEX request_by_session ON request (session_id);
CREATE INDEX request_by_expiry ON request (expires_millis);
CREATE TABLE active_session (
  caller TEXT NOT NULL PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE
);
CREATE INDEX active_session_by_session ON active_session (session_id);
CREATE TABLE meta (
  name TEXT NOT NULL PRIMARY KEY,
  content BLOB NOT NULL
);
CREATE TABLE artifact (
  session_id TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  number BIGINT NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (session_id, id)
);
CREATE INDEX artifact_by_number ON artifact (session_id, number);
ALTER TABLE session ADD COLUMN resume_token TEXT;
CREATE INDEX session_by_resume_token ON session (resume_token, created_nanos, id);

INSERT INTO session (id, name, tool, state, workspace, parent_id, internal, created_nanos, epoch, folded_seq, data, fold, resume_token)
VALUES ('old', 'before', 'sh', 5, NULL, NULL, 0, 1700000000000000000, 1, 4,
  x'0a036f6c6412066265666f72651a02736820053202080038014001480450046a022d636a04747275658a010408181050900101e201060880e2cfaa06ea01060889e2cfaa06fa01060889e2cfaa06900201980201d00203', x'', '');
INSERT INTO session_secret (session_id, data) VALUES ('old', x'');
INSERT INTO session_label (session_id, label, content) VALUES ('old', 'kind', 'old');
INSERT INTO turn (session_id, id, number, state, ended, data) VALUES ('old', 'turn-1', 1, 5, 1, x'0a067475726e2d3112036f6c6418012005');
INSERT INTO active_session (caller, session_id) VALUES ('me', 'old');
INSERT INTO meta (name, content) VALUES ('changes_head', x'0000000000000002');
