import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, test } from 'vitest';
import { readCheckpoint } from '../../audit-seal/checkpoint.ts';
import { hashEvent, sealedColumns, selectSealedColumns } from '../../audit-seal/event.ts';
import { createSealingKey, parseSigner, parseVerifierKey, type Signer, type Verifier } from '../../audit-seal/note.ts';
import type { Witnessed } from '../../audit-tools/notes-file.ts';
import { erase } from '../db/support/erasing.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { addMember, addOrganization } from '../support/samples.ts';
import { addEvents, createTestSealer, horizonPasses, verifyTestAudit } from '../support/sealing.ts';

// Thirty events in three checkpoints of ten, and a witness who has seen all three. Then somebody with a superuser's rights comes.

const tamper = async ({ pool }: TestDatabase, ...statements: string[]) => void (await pool.query(statements.join(';')));

type Scene = { db: TestDatabase; seal: (signer?: Signer) => Promise<number> };

/** What is found, and about which event, by whom: has nothing, has the public key, has checkpoints too. */
type Case = {
  tampers(scene: Scene): Promise<void>;
  found: { bare: string | null; key: string | null; witness: string | null };
  event?: number;
  leaf?: number;
};

const everybody = (code: string) => ({ bare: code, key: code, witness: code });
const onlyWitness = (code: string) => ({ bare: null, key: null, witness: code });

const ALL = 'leaves, audit.salts, audit.nodes, audit.checkpoints, audit.sealing_keys';
const stolen = createSealingKey('localhost/audit');

/** Makes a leaf say what its event says now. */
async function hashAgain(db: TestDatabase, id: number): Promise<string> {
  const { rows } = await db.pool.query({
    text: `select s.salt, ${selectSealedColumns} from audit.events as e join audit.salts as s on s.event_id = e.id where e.id = $1`,
    values: [id],
    rowMode: 'array',
  });
  const [salt, ...columns] = rows[0] as [Buffer, ...string[]];
  assert.equal(columns.length, sealedColumns.length);
  return `update audit.leaves set leaf_hash = '\\x${hashEvent(columns, salt).toString('hex')}' where event_id = ${id}`;
}

const removeAfter = (id: number) => [
  `delete from audit.events where id > ${id}`,
  `delete from audit.salts where event_id > ${id}`,
  `delete from audit.leaves where event_id > ${id}`,
  `delete from audit.checkpoints where tree_size > ${id}`,
];
const renumber = (from: number, by: number) => [
  `update audit.leaves set leaf_index = leaf_index + 1000 where leaf_index >= ${from}`,
  `update audit.leaves set leaf_index = leaf_index - 1000 + ${by} where leaf_index >= 1000`,
];
const redact = (id: number) => `select audit.redact_events(array[${id}], 'retention')`;
const insertBehind = `insert into audit.events (id, event, source, actor, message, transaction_id)
  overriding system value select -1, 'linked', 'app', 'x', 'never happened', transaction_id from audit.events where id = 15`;

const CASES: Record<string, Case> = {
  'changes what an event says': {
    tampers: ({ db }) => tamper(db, `update audit.events set message = 'nothing' where id = 15`),
    found: everybody('event_changed'),
    event: 15,
  },
  'changes a detail of an event': {
    tampers: ({ db }) =>
      tamper(db, `update audit.events set detail = jsonb_set(detail, '{a,n}', '12345678901234567891') where id = 15`),
    found: everybody('event_changed'),
    event: 15,
  },
  'changes an event and its leaf': {
    async tampers({ db }) {
      await tamper(db, `update audit.events set message = 'nothing' where id = 15`);
      await tamper(db, await hashAgain(db, 15));
    },
    found: everybody('leaves_rewritten'),
    event: 11,
  },
  'deletes an event': {
    tampers: ({ db }) => tamper(db, 'delete from audit.events where id = 15'),
    found: everybody('event_removed'),
    event: 15,
  },
  'deletes an event with its leaf': {
    tampers: ({ db }) =>
      tamper(db, 'delete from audit.events where id = 15', 'delete from audit.leaves where event_id = 15'),
    found: everybody('leaf_removed'),
    leaf: 14,
  },
  'deletes an event with its leaf and closes the gap': {
    tampers: ({ db }) =>
      tamper(
        db,
        'delete from audit.events where id = 15',
        'delete from audit.salts where event_id = 15',
        'delete from audit.leaves where event_id = 15',
        ...renumber(15, -1),
      ),
    found: everybody('leaves_rewritten'),
    event: 11,
  },
  'slips an event in between': {
    tampers: ({ db }) => tamper(db, insertBehind),
    found: everybody('event_slipped_in'),
    event: -1,
  },
  'slips an event in with a leaf of its own': {
    async tampers({ db }) {
      await tamper(
        db,
        insertBehind,
        ...renumber(14, 1),
        `insert into audit.leaves select 14, -1, sha256('x'), epoch, transaction_id from audit.events where id = -1`,
        `insert into audit.salts values (-1, sha256('salt'))`,
      );
      await tamper(db, await hashAgain(db, -1));
    },
    found: everybody('leaves_rewritten'),
    event: 11,
  },
  'exchanges the places of two events': {
    tampers: ({ db }) =>
      tamper(
        db,
        'update audit.leaves set leaf_index = 1000 where leaf_index = 14',
        'update audit.leaves set leaf_index = 14 where leaf_index = 15',
        'update audit.leaves set leaf_index = 15 where leaf_index = 1000',
      ),
    found: everybody('event_reordered'),
    event: 15,
  },
  'exchanges two salts': {
    tampers: ({ db }) =>
      tamper(
        db,
        `update audit.salts as s set salt = o.salt from audit.salts as o
         where (s.event_id, o.event_id) in ((15, 16), (16, 15))`,
      ),
    found: everybody('event_changed'),
    event: 15,
  },
  'removes a salt, so that nothing can be compared': {
    tampers: ({ db }) => tamper(db, 'delete from audit.salts where event_id = 15'),
    found: everybody('event_changed'),
    event: 15,
  },
  'empties an event by hand as if it were redacted': {
    tampers: ({ db }) =>
      tamper(
        db,
        `update audit.events set message = 'Redacted.', detail = '{}', redacted_at = now() where id = 15`,
        'delete from audit.salts where event_id = 15',
      ),
    found: everybody('redaction_unrecorded'),
    event: 15,
  },
  'changes who did what, or when, in an event that was redacted': {
    async tampers({ db, seal }) {
      await tamper(db, redact(15));
      await seal();
      await tamper(db, `update audit.events set actor = 'somebody else' where id = 15`);
    },
    found: everybody('redaction_unrecorded'),
    event: 15,
  },
  'changes why, by whom or when somebody was erased': {
    tampers: ({ db }) => tamper(db, `update audit.erasures set reason = 'Asked by telephone'`),
    found: everybody('erasure_changed'),
    event: 10,
  },
  'adds a record to an erasure, or takes one from it': {
    tampers: ({ db }) =>
      tamper(
        db,
        `insert into audit.erased_records (member_id, organization_id, erasure_id, external_id_digest)
         select gen_random_uuid(), organization_id, id, sha256('1') from audit.erasures`,
      ),
    found: everybody('erasure_changed'),
    event: 10,
  },
  'removes the row of an erasure': {
    tampers: ({ db }) => tamper(db, 'delete from audit.erasures'),
    found: everybody('erasure_changed'),
    event: 10,
  },
  'slips in the row of an erasure that never was': {
    tampers: ({ db }) =>
      tamper(
        db,
        `insert into audit.erasures (organization_id, member_id, state, reason, requested_by, erased_at, counts, removal)
         select organization_id, gen_random_uuid(), state, reason, requested_by, erased_at, counts, removal from audit.erasures`,
      ),
    found: everybody('erasure_changed'),
  },
  'cuts the newest events off, and leaves the checkpoints': {
    tampers: ({ db }) => tamper(db, ...removeAfter(20).slice(0, 3)),
    found: everybody('tail_removed'),
    leaf: 20,
  },
  'cuts the newest events off with their checkpoints': {
    tampers: ({ db }) => tamper(db, ...removeAfter(20)),
    found: onlyWitness('witness_ahead'),
    leaf: 20,
  },
  'restores an old backup, and the system goes on': {
    async tampers({ db, seal }) {
      await tamper(db, ...removeAfter(20));
      await addEvents(db, 15, 'after');
      await seal();
    },
    found: onlyWitness('witness_contradicted'),
    leaf: 29,
  },
  'rewrites everything, and signs with a key of their own': {
    async tampers({ db, seal }) {
      await tamper(db, `update audit.events set message = 'nothing' where id = 15`, `truncate audit.${ALL}`);
      await seal(parseSigner(stolen.signingKey));
    },
    found: { bare: null, key: 'checkpoint_invalid', witness: 'witness_contradicted' },
  },
  'rewrites everything, and removes the checkpoints': {
    async tampers({ db, seal }) {
      await tamper(db, `update audit.events set message = 'nothing' where id = 15`, `truncate audit.${ALL}`);
      await seal(parseSigner(stolen.signingKey));
      await tamper(db, 'delete from audit.checkpoints');
    },
    found: { bare: 'leaves_unsigned', key: 'leaves_unsigned', witness: 'witness_contradicted' },
  },
  'rewrites everything, and has stolen the sealing key': {
    async tampers({ db, seal }) {
      await tamper(db, `update audit.events set message = 'nothing' where id = 15`, `truncate audit.${ALL}`);
      await seal();
    },
    found: onlyWitness('witness_contradicted'),
    leaf: 9,
  },
  'changes or deletes an event in the seconds before it is sealed': {
    async tampers({ db, seal }) {
      await addEvents(db, 2);
      await tamper(
        db,
        `update audit.events set message = 'nothing' where id = 31`,
        'delete from audit.events where id = 32',
      );
      await seal();
    },
    found: { bare: null, key: null, witness: null },
  },
  'redacts an event whose time is not over, and the record says so': {
    async tampers({ db, seal }) {
      await tamper(db, redact(15));
      await seal();
    },
    found: { bare: null, key: null, witness: null },
  },
  'adds an event now that says it happened long ago': {
    async tampers({ db, seal }) {
      await tamper(
        db,
        `insert into audit.events (event, source, actor, message, occurred_at) values ('linked', 'app', 'x', 'x', now() - interval '1 year')`,
      );
      await seal();
    },
    found: { bare: null, key: null, witness: null },
  },
};

const TABLES = [
  'events',
  'leaves',
  'salts',
  'nodes',
  'checkpoints',
  'sealing_keys',
  'epochs',
  'erasures',
  'erased_records',
];
let db: TestDatabase;
let witnessed: Witnessed[];

beforeAll(async () => {
  db = await createTestDatabase();
  const sealer = await createTestSealer(db.poolFor('sync_worker'));
  const member = await addMember(db, await addOrganization(db), { external_id: '1' });
  for (let n = 0; n < 3; n += 1) {
    // Of the first ten the last one says that somebody was erased, and the ones before what came of it.
    await addEvents(db, n === 0 ? 7 : 10);
    if (n === 0) await erase(db, member);
    await horizonPasses(db);
    await sealer.round();
  }
  const text = 'select signed_note as note from audit.checkpoints order by tree_size';
  const { rows } = await db.pool.query<{ note: string }>(text);
  witnessed = rows.map(({ note }) => ({ ...readCheckpoint(note), time: '2026-11-29T00:00:00Z', file: 'kept.jsonl' }));
  // From here on nothing refuses, and each case begins with what was there.
  await db.pool.query('create schema kept; alter table audit.events disable trigger _200_redact_only');
  for (const table of TABLES) {
    await db.pool.query(`alter table audit.${table} disable trigger _100_refuse_change;
      create table kept.${table} as table audit.${table}`);
  }
});
afterAll(() => db[Symbol.asyncDispose]());

async function play({ tampers }: Case) {
  await db.pool.query(`truncate ${TABLES.map((table) => `audit.${table}`).join()};
    ${TABLES.map((table) => `insert into audit.${table} overriding system value table kept.${table}`).join(';')};
    alter table audit.events alter column id restart with 31`);
  const pool = db.poolFor('sync_worker');
  const seal = async (signer?: Signer) => {
    await horizonPasses(db);
    return (await createTestSealer(pool, signer === undefined ? {} : { signers: [signer] })).round();
  };
  await tampers({ db, seal });
  const url = db.urlFor('auditor_login');
  const own = (await db.pool.query<{ k: string }>('select verifier_key as k from audit.sealing_keys')).rows;
  const bareKeys = own.map(({ k }) => parseVerifierKey(k) as Verifier);
  return {
    bare: await verifyTestAudit(url, { verifiers: bareKeys }),
    key: await verifyTestAudit(url),
    witness: await verifyTestAudit(url, { witnessed }),
  };
}

test('nothing is found where nobody was', async () => {
  const { bare, witness } = await play({ tampers: async () => undefined, found: everybody('') });
  assert.deepEqual([...bare.findings, ...witness.findings], []);
  assert.equal(witness.sealed, 30);
});

for (const [who, tampering] of Object.entries(CASES)) {
  test(`somebody ${who}`, async () => {
    const reports = await play(tampering);
    for (const has of ['bare', 'key', 'witness'] as const) {
      const codes: string[] = reports[has].findings.map(({ code }) => code);
      const wanted = tampering.found[has];
      if (wanted === null) assert.deepEqual(codes, [], has);
      else assert.ok(codes.includes(wanted), `${has}: ${wanted} among ${codes.join()}`);
    }
    const [first] = reports.witness.findings;
    const told = JSON.stringify(reports.witness.findings);
    if (tampering.event !== undefined) assert.equal(first?.event, String(tampering.event), told);
    if (tampering.leaf !== undefined) assert.equal(first?.leaf, tampering.leaf, told);
  });
}

test('docs/auditing.md has this table', () => {
  const text = readFileSync(new URL('../../docs/auditing.md', import.meta.url), 'utf8');
  const rows = text.split('\n').flatMap((line) => {
    const [, who, bare, key, witness] = line.split('|').map((cell) => cell.trim());
    return who !== undefined && who in CASES ? [[who, bare, key, witness]] : [];
  });
  const cell = (code: string | null) => (code === null ? 'not found' : `\`${code}\``);
  assert.deepEqual(
    rows,
    Object.entries(CASES).map(([who, { found }]) => [who, cell(found.bare), cell(found.key), cell(found.witness)]),
  );
});
