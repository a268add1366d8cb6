import pg from 'pg';
import PgBoss from 'pg-boss';
import { parsePrivateKeys } from '../personnummer/keys.ts';
import { createUnsealer } from '../personnummer/unseal.ts';

// The same push on pg-boss, which takes a batch every half second at most: fetch the sealed number, open it, send it with the job's id as idempotency key.
const [url = '', sink = '', keys = '', concurrency = ''] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: url, max: Number(concurrency) + 2 });
const unsealer = createUnsealer(parsePrivateKeys(keys).keys);
const boss = new PgBoss({ connectionString: url, max: Number(concurrency) + 2 });
await boss.start();
await boss.work<{ member_id: string }>(
  'push',
  { batchSize: Number(concurrency), pollingIntervalSeconds: 0.5 },
  async (jobs) => {
    await Promise.all(
      jobs.map(async ({ id, data }) => {
        const { rows } = await pool.query(
          'select external_id, personnummer_sealed from registry.members where id = $1',
          [data.member_id],
        );
        const personnummer = (await unsealer.unseal(rows[0].personnummer_sealed)).reveal();
        const response = await fetch(`${sink}/members/${rows[0].external_id}`, {
          method: 'PUT',
          headers: { 'content-type': 'application/json', 'idempotency-key': id },
          body: JSON.stringify({ personnummer }),
        });
        if (!response.ok) throw new Error('refused');
      }),
    );
  },
);
