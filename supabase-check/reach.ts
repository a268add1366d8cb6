import type pg from 'pg';
import { openConnection } from '../runtime/single-connection.ts';
import { explainConnection } from './explain-connection.ts';

/** A way to the database: tried once, because a pooler counts refusals and shuts everybody out after ten. */
export type Way = { readonly variable: string; readonly url: string } & (
  | { readonly client: pg.Client & AsyncDisposable }
  | { readonly client: undefined; readonly why: string }
);

export async function reach(variable: string, url: string): Promise<Way> {
  try {
    return { variable, url, client: await openConnection(url, 'supabase-check') };
  } catch (error) {
    return { variable, url, client: undefined, why: explainConnection(variable, error) };
  }
}

/** Runs in a transaction that changes nothing, and calls no function that somebody has put into `public`. */
export async function inReadOnly<Result>(client: pg.Client, action: () => Promise<Result>): Promise<Result> {
  await client.query('begin transaction read only');
  try {
    await client.query('set local search_path = pg_catalog, pg_temp');
    return await action();
  } finally {
    await client.query('rollback');
  }
}

/** The same for a part that acts as somebody else. */
export async function asOther<Result>(client: pg.Client, role: string, action: () => Promise<Result>): Promise<Result> {
  await client.query('savepoint other');
  try {
    await client.query(`set local role ${role}`);
    return await action();
  } finally {
    await client.query('rollback to savepoint other');
  }
}
