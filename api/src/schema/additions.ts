/**
 * What we keep beyond the reference. Every column is nullable or has a default, because the reference's inserts do not
 * name it. `action_outbox` holds what was promised to the actions service and not yet accepted by it: a row is written in the transaction
 * that inserts the run and deleted once Enqueue has answered.
 */
export const additionsSql: string = `
ALTER TABLE actions ADD COLUMN IF NOT EXISTS run_labels JSONB;
ALTER TABLE actions ADD COLUMN IF NOT EXISTS request_digest BYTEA;
ALTER TABLE actions ADD COLUMN IF NOT EXISTS aborted_by BYTEA;
ALTER TABLE actions ADD COLUMN IF NOT EXISTS abort_next_at TIMESTAMPTZ;
ALTER TABLE actions ADD COLUMN IF NOT EXISTS error_info BYTEA;

CREATE INDEX IF NOT EXISTS idx_actions_roots_recent
  ON actions (project, domain, created_at DESC, run_name, name) WHERE parent_action_name IS NULL;
CREATE INDEX IF NOT EXISTS idx_actions_roots_default
  ON actions (project, domain, phase, created_at DESC, run_name DESC, name DESC) WHERE parent_action_name IS NULL;
CREATE INDEX IF NOT EXISTS idx_actions_roots_all
  ON actions (created_at DESC, run_name, name) WHERE parent_action_name IS NULL;
CREATE INDEX IF NOT EXISTS idx_actions_roots_task
  ON actions (task_project, task_domain, task_name, task_version, created_at DESC) WHERE parent_action_name IS NULL;
CREATE INDEX IF NOT EXISTS idx_actions_run_labels ON actions USING GIN (run_labels) WHERE run_labels IS NOT NULL;
CREATE INDEX IF NOT EXISTS idx_actions_abort_due
  ON actions ((COALESCE(abort_next_at, abort_requested_at))) WHERE abort_requested_at IS NOT NULL;

CREATE INDEX IF NOT EXISTS idx_tasks_created ON tasks (project, domain, name, created_at DESC);

CREATE TABLE IF NOT EXISTS action_outbox (
  project TEXT NOT NULL,
  domain TEXT NOT NULL,
  run_name TEXT NOT NULL,
  name TEXT NOT NULL,
  request BYTEA NOT NULL,
  attempt_count INTEGER NOT NULL DEFAULT 0,
  next_attempt_at TIMESTAMPTZ NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (project, domain, run_name, name)
);
CREATE INDEX IF NOT EXISTS idx_action_outbox_due ON action_outbox (next_attempt_at);
`;

/** The trace of whoever asked for the run, in the form of the header: the call that carries the promise out is part of it. */
export const tracedPromisesSql: string = `
ALTER TABLE action_outbox ADD COLUMN IF NOT EXISTS traceparent TEXT;
`;

/** Requests answered a short while ago, so that a retry of one gets the run it already created. */
export const retriedRequestsSql: string = `
CREATE TABLE IF NOT EXISTS create_requests (
  digest BYTEA PRIMARY KEY,
  project TEXT NOT NULL,
  domain TEXT NOT NULL,
  run_name TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX IF NOT EXISTS idx_create_requests_created ON create_requests (created_at);
`;
