import type pg from 'pg';
import { codeOf } from '../explain-connection.ts';
import { asOther } from '../reach.ts';
import { faultsOr, type Remark } from '../remark.ts';

/** In whose names migrations run. The audit's is left again after each of them. */
const owners = ['registry_owner', 'billing_owner', 'queue_owner'];

/** Whether the owners can be acted as, and whose the job queue is. */
export async function checkOwners(client: pg.Client): Promise<Remark[]> {
  const faults: string[] = [];
  for (const owner of owners) {
    await asOther(client, owner, async () => undefined).catch((error: unknown) => {
      faults.push(`DATABASE_URL cannot act as ${owner} (${codeOf(error)}). Run npm run migrate as the role postgres.`);
    });
  }
  const { rows } = await client.query<{ owner: string }>(
    `select n.nspowner::regrole::text as owner from pg_namespace as n where n.nspname = 'graphile_worker'`,
  );
  const owner = rows[0]?.owner;
  if (owner === undefined) faults.push('There is no schema graphile_worker. Run npm run migrate.');
  else if (owner !== 'queue_owner')
    faults.push(
      `Schema graphile_worker belongs to ${owner}, not to queue_owner. Run npm run migrate, which gives it back.`,
    );
  return faultsOr(faults, 'The owners can be acted as, and the job queue belongs to queue_owner.');
}
