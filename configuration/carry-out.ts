import type pg from 'pg';
import type { Difference } from './compare.ts';
import { coordinatorTable, organizationTable } from './tables.ts';

/**
 * Writes what was shown, and an audit event for each row.
 *
 * @param client inside the transaction in which the differences were found
 */
export async function carryOut(client: pg.ClientBase, differences: readonly Difference[]): Promise<void> {
  for (const difference of differences) {
    if (difference.kind === 'add') await insert(client, difference);
    else if (difference.kind === 'change') await update(client, difference);
    else await remove(client, difference);
    await record(client, difference);
  }
}

const ORGANIZATION = '(select id from registry.organizations where slug = $2)';

async function insert(client: pg.ClientBase, { table, organization, columns }: Difference): Promise<void> {
  const names = columns.map(({ name }) => name);
  const values = names.map((name) => `r.${name}`);
  if (table !== organizationTable) {
    names.push('organization_id');
    values.push(ORGANIZATION);
  }
  // Who is named by an address is invited; who is named by a login or a Supabase user is a coordinator at once.
  if (table === coordinatorTable && !names.includes('subject') && !names.includes('user_id')) {
    names.push('invited_at');
    values.push('now()');
  }
  const from = `jsonb_populate_record(null::${table.name}, $1::jsonb) as r`;
  const text = `insert into ${table.name} (${names.join(', ')}) select ${values.join(', ')} from ${from}`;
  await client.query(text, [asJson(columns), ...(table === organizationTable ? [] : [organization])]);
}

async function update(client: pg.ClientBase, { table, organization, place, columns }: Difference): Promise<void> {
  const set = columns.map(({ name }) => `${name} = ${name === 'invited_at' ? 'now()' : `r.${name}`}`).join(', ');
  const of = table === organizationTable ? 't.slug = $2' : `t.organization_id = ${ORGANIZATION}`;
  await client.query(
    `update ${table.name} as t set ${set} from jsonb_populate_record(null::${table.name}, $1::jsonb) as r
     where ${of} and t.${place?.column}::text = $3`,
    [asJson(columns.filter(({ name }) => name !== 'invited_at')), organization, place?.value],
  );
}

async function remove(client: pg.ClientBase, { table, organization, place }: Difference): Promise<void> {
  await client.query(
    `delete from ${table.name} where organization_id = (select id from registry.organizations where slug = $1) and ${place?.column}::text = $2`,
    [organization, place?.value],
  );
}

async function record(client: pg.ClientBase, { kind, table, organization, label, columns }: Difference): Promise<void> {
  const did = { add: 'added', change: 'changed', extra: 'removed' }[kind];
  // Of coordinators there is an event with their user id already, and their addresses are not for the audit.
  const who = table === coordinatorTable ? {} : { row: label };
  await client.query(
    `select private.record_event('configuration_changed', 'operator', g.id, $2, p_detail => $3)
     from registry.organizations as g where g.slug = $1`,
    [
      organization,
      `The configuration was changed: a row of ${table.name} was ${did}.`,
      JSON.stringify({ table: table.name, change: did, ...who, columns: columns.map(({ name }) => name).toSorted() }),
    ],
  );
}

function asJson(columns: Difference['columns']): string {
  return JSON.stringify(Object.fromEntries(columns.map(({ name, to }) => [name, to])));
}
