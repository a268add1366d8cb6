import type { TestDatabase } from '../../support/database.ts';

/** What stands in every value of somebody who is to be erased, and nowhere else: in names, accounts, numbers of every form and texts. */
export const TRACE = /zzerase|\+4799[0-9]{6}|189[0-9]-[0-9]{2}-[0-9]{2}|77[0-9]{4}\*{5}/i;
/** The same of those who stay. */
export const OTHERS = /zzstays|\+4798[0-9]{6}|188[0-9]-[0-9]{2}-[0-9]{2}|66[0-9]{4}\*{5}/i;

// Rows as they are after years, written without the triggers that would decide each login: (n, word, phone, born, mask) is a person.
const CROWD = `
  set local session_replication_role = replica;
  create temporary table person on commit drop as
  select n, gen_random_uuid() as id, gen_random_uuid() as user_id, n <= $2 as goes, w.word, case when n <= $2 then '+4799' else '+4798' end || lpad(n::text, 6, '0') as phone,
    (case when n <= $2 then date '1890-01-01' else date '1880-01-01' end) + n % 3000 as born,
    case when n <= $2 then '77' else '66' end || lpad((n % 10000)::text, 4, '0') || '*****' as mask,
    'v1.' || rpad(w.word || n, 43, 'x') as index, w.word || 'sealed' || n as sealed,
    gen_random_uuid() as login, gen_random_uuid() as stranger, gen_random_uuid() as session, gen_random_uuid() as sent, gen_random_uuid() as waiting,
    gen_random_uuid() as open_case, gen_random_uuid() as settled_case, gen_random_uuid() as import_case
  from generate_series(1, $3) as n cross join lateral (select case when n <= $2 then 'zzerase' else 'zzstays' end as word) as w;

  insert into registry.members (id, organization_id, external_id, user_id, given_name, family_name, birth_date, email, phone,
    personnummer_index, personnummer_sealed, personnummer_masked, personnummer_source, personnummer_at)
  select id, $1, word || n, user_id, word || n, word || 'sen', born, word || n || '@example.org', phone, index, sealed, mask, 'vipps-login', now() from person;
  insert into registry.member_search (organization_id, member_id, names, birth_date)
  select $1, id, array_to_tsvector(array[word || n]), born from person;
  insert into registry.observations (id, organization_id, provider, source, issuer, subject, authenticated_at, outcome, settled_at, member_id, explanation,
    personnummer_index, personnummer_index_previous, personnummer_sealed, personnummer_masked, given_name, family_name, birth_date, phone, email, told)
  select o.id, $1, 'vipps', 'vipps-login', 'https://provider.example/', o.subject, now(), o.outcome, now(), o.member_id, '{"match_rule": "number"}',
    p.index, array[p.index || 'old'], p.sealed, p.mask, p.word || n, p.word, p.born, p.phone, p.word || n || '@example.org', o.told
  from person as p cross join lateral (values
    (p.login, p.word || 'subject' || n, 'filled'::registry.outcome, p.id, null::boolean),
    (p.stranger, p.word || 'other' || n, 'name_mismatch', null, true)) as o(id, subject, outcome, member_id, told);
  insert into registry.identity_links (organization_id, issuer, subject, member_id, provider, match_rule)
  select $1, 'https://provider.example/', word || 'subject' || n, id, 'vipps', 'number' from person;
  insert into registry.excluded_links (organization_id, issuer, subject, member_id)
  select $1, 'https://provider.example/', word || 'excluded' || n, id from person;
  insert into registry.revocations (organization_id, provider, subject, event, issued_at, late)
  select $1, 'vipps', word || 'subject' || n, 'CONSENT_REVOKED', now(), false from person;
  insert into registry.consents (organization_id, member_id, provider, state, observation_id, evidence)
  select $1, id, 'vipps', 'given', login, jsonb_build_object('by', word) from person;
  insert into registry.sessions (id, organization_id, member_id, observation_id, return_to, nonce, code_hash, code_challenge, code_expires_at, expires_at)
  select session, $1, id, login, 'https://app.example/return', word || n, sha256((word || n)::bytea), rpad(word || n, 43, 'x'), now(), now() + interval '1 day' from person;
  insert into registry.refresh_tokens (token_hash, session_id) select sha256((word || n || 't')::bytea), session from person;
  insert into registry.conflicts (id, organization_id, kind, state, member_id, candidates, observation_id, fingerprint, personnummer_index,
    personnummer_index_previous, number_seen_at, detail, closed_at, decision, decided_by, note)
  select c.id, $1, c.kind, c.state, c.member_id, c.candidates, c.observation_id, concat_ws(' ', c.kind, p.word, p.n), p.index || 'case', array[p.index || 'olds'],
    now(), c.detail, c.closed_at, c.decision, c.decided_by, c.note
  from person as p cross join lateral (values
    (p.open_case, 'name_mismatch'::registry.conflict_kind, 'open'::registry.conflict_state, null::uuid, array[p.id], p.stranger, jsonb_build_object('personnummer', p.mask),
      null::timestamptz, null::registry.decision, null, null),
    (p.settled_case, 'mismatch', 'resolved', p.id, '{}', p.login, jsonb_build_object('live_masked', p.mask), now(), 'accept_observed', 'coordinator:' || $4::text, p.word || ' called'),
    (p.import_case, 'mismatch', 'open', p.id, '{}', null, jsonb_build_object('import_run_id', $5::text, 'personnummer', p.mask), null, null, null, null)
  ) as c(id, kind, state, member_id, candidates, observation_id, detail, closed_at, decision, decided_by, note);
  insert into registry.conflict_comments (organization_id, conflict_id, user_id, text) select $1, open_case, $4, 'Rang ' || word || n from person;
  insert into registry.resolutions (organization_id, conflict_id, decision, decided_by, note, before)
  select $1, settled_case, 'accept_observed', 'coordinator:' || $4::text, word || ' called',
    jsonb_populate_record(null::registry.before_decision, jsonb_build_object('member_id', id, 'version_after', 2,
      'number', jsonb_build_object('index', index || 'before', 'sealed', sealed || 'before', 'masked', mask))) from person;
  insert into registry.offered_numbers select import_case, index || 'offer', array[index || 'o'], sealed || 'offer', mask from person;
  insert into registry.import_runs (id, organization_id, fingerprint, columns, dry_run, looks, accepted_at)
  values ($5, $1, repeat('0', 64), '{}', false, '{}', now());
  insert into registry.import_lines select $5, word || n, index || 'line', false from person;
  insert into registry.waiting_numbers (run_id, line, external_id, personnummer_index, personnummer_sealed, personnummer_masked, counted_unchanged)
  select $5, n, word || n, index || 'wait', sealed || 'wait', mask, true from person;
  insert into sync.pushes (id, organization_id, member_id, observation_id, personnummer_index, state, attempts, next_attempt_at, settled_at)
  select sent, $1, id, login, index, 'delivered'::sync.push_state, 1, null::timestamptz, now() from person
  union all select waiting, $1, id, login, index, 'pending', 0, now(), null::timestamptz from person;
  insert into sync.push_attempts (push_id, organization_id, attempt, worker_id, result, duration_ms) select sent, $1, 1, 'w', 'delivered', 5 from person;
  insert into registry.repeated_events (kind, hour, event, source, actor, organization_id, member_id, message)
  select 'refused ' || word || n, date_trunc('hour', now()), 'refused', 'coordinator', 'x', $1, id, 'Refused: ' || word || '.' from person;
  insert into audit.events (event, source, actor, organization_id, message, member_id, observation_id, conflict_id, push_id, detail)
  select e.event, 'worker', 'x', $1, e.event || ': ' || p.word || ' brought ' || p.mask, e.member_id, e.observation_id, e.conflict_id, e.push_id,
    jsonb_build_object('personnummer', p.mask, 'name', p.word || n)
  from person as p cross join lateral (values ('filled', p.id, p.login, null::uuid, null::uuid), ('name_mismatch', null, p.stranger, p.open_case, null),
    ('case_commented', null, null, p.open_case, null), ('push_delivered', null, null, null, p.sent)) as e(event, member_id, observation_id, conflict_id, push_id)`;

/** Members of an organisation with all that can be held about somebody. @returns the records of those who are to be erased */
export async function addCrowd(
  db: TestDatabase,
  organization: { id: string },
  { members, going, userId, runId }: { members: number; going: number; userId: string; runId: string },
): Promise<string[]> {
  const client = await db.pool.connect();
  try {
    await client.query('begin');
    const literal = (value: string | number) => (typeof value === 'number' ? String(value) : `'${value}'::uuid`);
    const values = [organization.id, going, members, userId, runId].map(literal);
    await client.query(CROWD.replace(/\$([1-5])/g, (_, at) => values[Number(at) - 1] as string));
    const { rows } = await client.query<{ id: string }>('select id from person where goes order by n');
    await client.query('commit');
    await client.query('analyze');
    return rows.map(({ id }) => id);
  } finally {
    await client.query('rollback');
    client.release();
  }
}
