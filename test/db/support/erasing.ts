import { one } from '../../support/acting-callback.ts';
import type { TestDatabase } from '../../support/database.ts';

/** Announces and carries out at once, as an operator and a worker do one after the other. @returns the erasure */
export async function erase(db: TestDatabase, member: { id: string }): Promise<string> {
  const { id } = await announce(db, member);
  await finish(db, id);
  return id;
}

export const announce = (db: TestDatabase, member: { id: string }) =>
  one<{ id: string }>(db, `select private.announce_erasure($1, 'Asked by letter', 'operator', 'operator') as id`, [
    member.id,
  ]);

/** In the worker's role, as its task does. */
export async function finish(db: TestDatabase, erasureId: string): Promise<string> {
  const { rows } = await db
    .poolFor('sync_worker')
    .query('select worker.finish_erasure(erasure_id => $1, recorded => false) as state', [erasureId]);
  return rows[0].state;
}

/** Every row of every table as text, but for the tables named: to look for what should be gone. */
export async function everyRow(db: TestDatabase): Promise<{ place: string; text: string }[]> {
  const { rows: tables } = await db.pool.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'm') and n.nspname in ('registry', 'sync', 'audit', 'private', 'reporting', 'graphile_worker') and pg_relation_size(c.oid) > 0`,
  );
  const all: { place: string; text: string }[] = [];
  for (const { name } of tables) {
    const { rows } = await db.pool.query<{ text: string }>(`select t::text as text from ${name} as t`);
    all.push(...rows.map(({ text }) => ({ place: name, text })));
  }
  return all;
}
