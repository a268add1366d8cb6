import pg from 'pg';
import { sealNumber } from '../support/samples.ts';
import { number, type Scene, sha256 } from './scene.ts';

/** A file with one member, and the next one with another number of the same member. */
export async function importTwice({ db, callback }: Scene) {
  const importer = new pg.Pool({ connectionString: db.urlFor('member_importer'), max: 1, allowExitOnIdle: true });
  for (const nth of [7, 11]) {
    const brought = number(nth);
    const { rows } = await importer.query(`select run_id from import.start_run($1, $2, '{personnummer}', false)`, [
      callback.organization.slug,
      sha256(`export ${nth}`).toString('hex'),
    ]);
    await importer.query(`select from import.accept_file($1, '{}', true, false)`, [rows[0]?.run_id]);
    const row = { line: 2, external_id: 'imported', ...(await sealNumber(brought, callback.organization)) };
    await importer.query(`select import.load_rows($1, 0, 1, $2, '[]')`, [rows[0]?.run_id, JSON.stringify([row])]);
    await importer.query('select import.finish_run($1)', [rows[0]?.run_id]);
  }
  await importer.end();
}
