-- Media files that sessions have named. The number is that of the event which first found one.
CREATE TABLE artifact (
  session_id <text> NOT NULL REFERENCES session (id) ON DELETE CASCADE,
  id <text> NOT NULL,
  number BIGINT NOT NULL,
  data <bytes> NOT NULL,
  PRIMARY KEY (session_id, id)
);

CREATE INDEX artifact_by_number ON artifact (session_id, number);
