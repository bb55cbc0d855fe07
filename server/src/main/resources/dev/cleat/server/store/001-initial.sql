-- <text> and <bytes> are the database's own types for text that sorts by code point and for bytes.

CREATE TABLE session (
  id <text> NOT NULL PRIMARY KEY,
  name <text> UNIQUE,
  tool <text> NOT NULL,
  state INTEGER NOT NULL,
  workspace <text>,
  parent_id <text>,
  internal INTEGER NOT NULL,
  created_nanos BIGINT NOT NULL,
  epoch BIGINT NOT NULL,
  folded_seq BIGINT NOT NULL,
  data <bytes> NOT NULL,
  fold <bytes> NOT NULL
);

CREATE INDEX session_by_age ON session (created_nanos, id);
CREATE INDEX session_by_parent ON session (parent_id);

-- Apart from the session, so that lists do not read it.
CREATE TABLE session_secret (
  session_id <text> NOT NULL PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE,
  data <bytes> NOT NULL
);

CREATE TABLE session_label (
  session_id <text> NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  label <text> NOT NULL,
  content <text> NOT NULL,
  PRIMARY KEY (session_id, label)
);

CREATE INDEX session_label_by_content ON session_label (label, content);

-- An id is never used twice, also when its session is gone.
CREATE TABLE deleted_session (
  id <text> NOT NULL PRIMARY KEY
);

CREATE TABLE turn (
  session_id <text> NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  id <text> NOT NULL,
  number BIGINT NOT NULL,
  state INTEGER NOT NULL,
  ended INTEGER NOT NULL,
  data <bytes> NOT NULL,
  PRIMARY KEY (session_id, id)
);

CREATE INDEX turn_by_number ON turn (session_id, number);
CREATE INDEX turn_by_ended ON turn (session_id, ended, number);

CREATE TABLE request (
  kind <text> NOT NULL,
  request_id <text> NOT NULL,
  fingerprint <bytes> NOT NULL,
  session_id <text> NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  turn_id <text>,
  expires_millis BIGINT NOT NULL,
  PRIMARY KEY (kind, request_id)
);

CREATE INDEX request_by_session ON request (session_id);
CREATE INDEX request_by_expiry ON request (expires_millis);

CREATE TABLE active_session (
  caller <text> NOT NULL PRIMARY KEY,
  session_id <text> NOT NULL REFERENCES session (id) ON DELETE CASCADE
);

CREATE INDEX active_session_by_session ON active_session (session_id);

CREATE TABLE meta (
  name <text> NOT NULL PRIMARY KEY,
  content <bytes> NOT NULL
);
