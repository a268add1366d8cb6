import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { asOther } from '../reach.ts';
import { faultsOr, type Remark } from '../remark.ts';

/**
 * What somebody sees who has signed up at the project's own Supabase Auth and is nobody here: acted in the database, because that takes no user.
 * Nothing is changed.
 */
export async function checkStrangers(client: pg.Client, projectUrl: string): Promise<Remark[]> {
  const views = await client.query<{ view: string }>(
    `select c.oid::regclass::text as view from pg_class as c where c.relnamespace = to_regnamespace('api') and c.relkind = 'v' order by 1`,
  );
  if (views.rows.length === 0) return faultsOr(['There are no views in schema api. Run npm run migrate.'], '');
  const claims = {
    sub: randomUUID(),
    role: 'authenticated',
    iss: `${projectUrl}/auth/v1`,
    aud: 'authenticated',
    session_id: randomUUID(),
  };
  const faults = await asOther(client, 'authenticated', async () => {
    await client.query(`select set_config('request.jwt.claims', $1, true)`, [JSON.stringify(claims)]);
    const showing: string[] = [];
    for (const { view } of views.rows) {
      const { rows } = await client.query<{ any: boolean }>(`select exists (select from ${view}) as any`);
      if (rows[0]?.any !== false)
        showing.push(
          `${view} shows rows to a user of Supabase Auth who is nobody here. Stop, and tell the maintainers.`,
        );
    }
    return showing;
  });
  return faultsOr(faults, 'A user of Supabase Auth who is nobody here sees no row.');
}
