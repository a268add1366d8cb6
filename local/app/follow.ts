import type pg from 'pg';

/** One thing that happened, as the audit has it. */
export type FollowedEvent = {
  id: string;
  occurred_at: Date;
  event: string;
  source: string;
  actor: string;
  /** The sentence. */
  message: string;
  /** Of a delivery: which attempt it was, what the member system answered, and why it failed. */
  attempt: string | null;
  http_status: string | null;
  error_code: string | null;
  conflict_id: string | null;
  push_id: string | null;
  redacted_at: Date | null;
  /** Its place in the tree of sealed events; null: not sealed yet. */
  leaf_index: string | null;
  /** The first signed checkpoint that covers it, and how many events that covers; null: none yet. */
  tree_size: string | null;
};

export type FollowedLogin = {
  observation_id: string;
  occurred_at: Date;
  outcome: string;
  message: string;
  organization: string | null;
};

/** What the audit calls the outcome of a login. */
const OUTCOMES = [
  ...['filled', 'confirmed', 'conflict', 'duplicate', 'absent', 'unlinked', 'ambiguous', 'name_mismatch'],
  ...['inconsistent', 'deferred', 'proposed'],
];

const LATEST = `
  select * from (
    select distinct on (e.observation_id) e.observation_id, e.occurred_at, e.event as outcome, e.message, g.name as organization, e.id
    from audit.events as e left join audit.organizations as g on g.id = e.organization_id
    where e.event::text = any ($1) and e.observation_id is not null
    order by e.observation_id, e.id desc) as logins
  order by id desc limit 50`;

// The login's own events, those of cases that it opened or was seen in, and those of what these sent to the member system. Other logins
// that the same case knows are not followed.
const EVENTS = `
  with own as (select e.* from audit.events as e where e.observation_id = $1),
    cases as (select own.conflict_id as id from own where own.conflict_id is not null),
    pushes as (
      select e.push_id as id from audit.events as e
      where e.push_id is not null and (e.observation_id = $1 or e.conflict_id in (select c.id from cases as c)))
  select e.id, e.occurred_at, e.event, e.source, e.actor, e.message, e.conflict_id, e.push_id, e.redacted_at, l.leaf_index, s.tree_size,
    e.detail ->> 'attempt' as attempt, e.detail ->> 'http_status' as http_status, e.detail ->> 'error_code' as error_code
  from audit.events as e
  left join audit.leaves as l on l.event_id = e.id
  left join lateral (
    select c.tree_size from audit.checkpoints as c where c.tree_size > l.leaf_index order by c.tree_size limit 1) as s on true
  where (e.observation_id = $1 or e.conflict_id in (select c.id from cases as c) or e.push_id in (select p.id from pushes as p))
    and not (e.event::text = any ($2) and e.observation_id is distinct from $1)
  order by e.id limit 500`;

/** What an auditor can read about logins. */
export function createFollower(pool: pg.Pool) {
  return {
    /** The newest fifty logins. */
    async latest(): Promise<FollowedLogin[]> {
      return (await pool.query<FollowedLogin>(LATEST, [OUTCOMES])).rows;
    },
    /** What happened because of a login, oldest first; nothing where there is no such login. */
    async follow(observationId: string): Promise<FollowedEvent[]> {
      return (await pool.query<FollowedEvent>(EVENTS, [observationId, OUTCOMES])).rows;
    },
    /** The login that a session was opened with. */
    async loginOfSession(sessionId: string): Promise<string | undefined> {
      const { rows } = await pool.query<{ observation_id: string }>(
        `select observation_id from audit.events
         where event = 'session_opened' and detail ->> 'session_id' = $1 and observation_id is not null`,
        [sessionId],
      );
      return rows[0]?.observation_id;
    },
  };
}

export type Follower = ReturnType<typeof createFollower>;
