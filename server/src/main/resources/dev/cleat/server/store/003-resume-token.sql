-- What a tool calls its own session, empty for none. NULL in a row that an earlier version wrote, until it is filled in.
ALTER TABLE session ADD COLUMN resume_token <text>;

CREATE INDEX session_by_resume_token ON session (resume_token, created_nanos, id);
