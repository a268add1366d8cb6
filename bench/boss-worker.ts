import pg from 'pg';
import PgBoss from 'pg-boss';
import { parsePrivateKeys } from '../personnummer/keys.ts';
import { createUnsealer } from '../personnummer/unseal.ts';

// The same push on pg-boss: fetch the sealed number, open it, send it with the job's id as idempotency key.
const [url = '', sink = '', keys = ''] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: url, max: 12 });
const unsealer = createUnsealer(parsePrivateKeys(keys).keys);
const boss = new PgBoss({ connectionString: url, max: 12 });
await boss.start();
await boss.work<{ member_id: string }>('push', { batchSize: 10, pollingIntervalSeconds: 0.5 }, async (jobs) => {
  await Promise.all(
    jobs.map(async ({ id, data }) => {
      const { rows } = await pool.query('select external_id, personnummer_sealed from registry.members where id = $1', [
        data.member_id,
      ]);
      const personnummer = (await unsealer.unseal(rows[0].personnummer_sealed)).reveal();
      const response = await fetch(`${sink}/members/${rows[0].external_id}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', 'idempotency-key': id },
        body: JSON.stringify({ personnummer }),
      });
      if (!response.ok) throw new Error('refused');
    }),
  );
});
