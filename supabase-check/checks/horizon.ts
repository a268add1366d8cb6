import type pg from 'pg';
import { faultsOr, type Remark } from '../remark.ts';

interface Found {
  what: string;
  since: string | null;
}

/**
 * Whatever keeps old rows from being cleaned up, and the audit from being sealed.
 *
 * @param patience for how long that is nothing, as PostgreSQL writes an interval
 */
export async function checkHorizon(client: pg.Client, patience = '1 hour'): Promise<Remark[]> {
  const { rows } = await client.query<Found>(HORIZON, [patience]);
  const faults = rows.map(({ what, since }) => {
    const time = since === null ? '' : ` since ${since}`;
    return `${what} holds the server's oldest transaction${time}: the audit is not sealed meanwhile. End it.`;
  });
  return faultsOr(faults, 'Nothing holds an old transaction open.');
}

const HORIZON = `
  select 'A prepared transaction' as what, to_char(p.prepared at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"') as since from pg_prepared_xacts as p
  union all
  select 'A session of ' || coalesce(s.usename, s.backend_type), to_char(s.xact_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')
  from pg_stat_activity as s where s.xact_start < now() - $1::interval and (s.backend_xid is not null or s.backend_xmin is not null)
  union all
  select 'The replication slot ' || s.slot_name, null
  from pg_replication_slots as s where not s.active and (s.xmin is not null or s.catalog_xmin is not null)`;
