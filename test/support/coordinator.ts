import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { TestDatabase } from './database.ts';
import { addCoordinator } from './samples.ts';

export type Reply = Record<string, unknown> & { code?: string; version?: number; conflict_id?: string };

export type Caller = {
  /** Runs one statement as PostgREST would for this person: role `authenticated`, with the token's claims. */
  query<T extends pg.QueryResultRow>(sql: string, parameters?: unknown[]): Promise<T[]>;
  /** Calls a function of the API by name with its arguments in order. */
  call(name: string, ...arguments_: unknown[]): Promise<Reply>;
};

export type Coordinator = Caller & { userId: string };

/** Somebody with a Supabase account; a coordinator of the given organisations. */
export async function becomeCoordinator(db: TestDatabase, ...organizations: { id: string }[]): Promise<Coordinator> {
  const userId = randomUUID();
  for (const organization of organizations) await addCoordinator(db, organization, userId);
  return { userId, ...actAs(db, { sub: userId }) };
}

/** Whoever has a token with these claims, which PostgREST has verified. */
export function actAs(db: TestDatabase, claims: Record<string, unknown>): Caller {
  const pool = db.poolFor('authenticator');
  const query = async <T extends pg.QueryResultRow>(sql: string, parameters: unknown[] = []) => {
    const client = await pool.connect();
    try {
      await client.query('begin');
      await client.query('set local role authenticated');
      await client.query(`select set_config('request.jwt.claims', $1, true)`, [
        JSON.stringify({ role: 'authenticated', ...claims }),
      ]);
      const { rows } = await client.query<T>(sql, parameters);
      await client.query('commit');
      return rows;
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  };
  const call = async (name: string, ...arguments_: unknown[]) => {
    const places = arguments_.map((_, at) => `$${at + 1}`).join(', ');
    return (await query<{ reply: Reply }>(`select api.${name}(${places}) as reply`, arguments_))[0]?.reply as Reply;
  };
  return { query, call };
}
