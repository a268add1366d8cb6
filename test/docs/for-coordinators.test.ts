import assert from 'node:assert/strict';
import { test } from 'vitest';
import { actAsCallback, addKari, one } from '../support/acting-callback.ts';
import { createTestDatabase } from '../support/database.ts';
import { sampleNumbers } from '../support/samples.ts';
import { blocks, names, readPage, tableRows } from './markdown.ts';

const coordinators = await readPage('for-coordinators.md');
const outcomes = await readPage('outcomes.md');

const ID = '00000000-0000-0000-0000-000000000001';
const LOGIN = { observation_id: ID };
const DECISIONS = ['accept_observed', 'keep_existing', 'not_same_person', 'merge_into'];

/** What the words after the kind in the first column of the table mean for the case. */
const VARIANTS: Record<string, Record<string, unknown>> = {
  '': { ...LOGIN, member_id: ID, candidates: [ID] },
  'another member has the number': { ...LOGIN, member_id: ID, other_member_id: ID },
  'from an import': { member_id: ID },
  'one candidate': { ...LOGIN, candidates: [ID] },
  'several candidates': { ...LOGIN, candidates: [ID, ID] },
  'member known': { ...LOGIN, member_id: ID },
  'member not known': LOGIN,
};

async function labels(type: string): Promise<string[]> {
  await using db = await createTestDatabase();
  return (await one<{ labels: string[] }>(db, `select enum_range(null::${type})::text[] as labels`)).labels;
}

const words = (text: string) => [...text.matchAll(/[a-z_]+/g)].map(([word]) => word);

test('the table of decisions offers what private.decisions_of_case allows, for every kind of case', async () => {
  await using db = await createTestDatabase();
  const rows = tableRows(coordinators, '## Which decision for which case');
  for (const [first = '', ...cells] of rows) {
    const [kind = '', variant = ''] = first.replaceAll('`', '').split(', ');
    const { applies } = await one<{ applies: boolean[] }>(
      db,
      `select array(
         select d.decision = any (private.decisions_of_case(c.kind, c.member_id, c.other_member_id, c.candidates, c.observation_id))
         from jsonb_populate_record(null::registry.conflicts, $1) as c, unnest($2::text[]) with ordinality as d(decision, at)
         order by at) as applies`,
      [{ kind, candidates: [], ...VARIANTS[variant] }, DECISIONS],
    );
    const offered = cells.map((cell) => !cell.startsWith('–'));
    assert.deepEqual(offered, applies, first);
  }
  const kinds = new Set(rows.map(([first]) => names(first)[0]));
  assert.deepEqual([...kinds].toSorted(), (await labels('registry.conflict_kind')).toSorted());
});

test('the lists and kinds of cases are those of the database', async () => {
  await using db = await createTestDatabase();
  const { views } = await one<{ views: string[] }>(
    db,
    `select array_agg(viewname::text order by viewname) as views from pg_views where schemaname = 'api'`,
  );
  const [, lists = ''] = /## The lists\n([\s\S]*?)\n## /.exec(coordinators) ?? [];
  assert.deepEqual(
    views.filter((view) => !lists.includes(`(\`${view}\`)`)),
    [],
  );
  const kinds = tableRows(coordinators, '## Kinds of cases').flatMap(([kind]) => names(kind));
  assert.deepEqual(kinds.toSorted(), (await labels('registry.conflict_kind')).toSorted());
});

test('the pictures show every state of a case and of a push, and no other', async () => {
  for (const page of [coordinators, outcomes]) {
    const [cases = '', pushes = ''] = blocks(page, 'mermaid').slice(-2);
    for (const [picture, type] of [
      [cases, 'registry.conflict_state'],
      [pushes, 'sync.push_state'],
    ] as const) {
      const edges = picture.split('\n').filter((line) => line.includes('-->'));
      const drawn = new Set(edges.flatMap((line) => words(line.split(':')[0] ?? '')));
      assert.deepEqual([...drawn].toSorted(), (await labels(type)).toSorted());
    }
  }
});

test('docs/outcomes.md names every outcome, reason, contradiction, kind of case and match rule', async () => {
  await using db = await createTestDatabase();
  const { definition } = await one<{ definition: string }>(
    db,
    `select pg_get_constraintdef(oid) as definition from pg_constraint where conname = 'identity_links_match_rule_check'`,
  );
  const rules = [...definition.matchAll(/'([a-z_]+)'::text/g)].map(([, rule]) => rule as string);
  const types = ['registry.outcome', 'registry.absent_reason', 'registry.inconsistency', 'registry.conflict_kind'];
  const expected = [...rules, ...(await Promise.all(types.map(labels))).flat()];
  const named = names(outcomes);
  assert.deepEqual(
    expected.filter((name) => !named.includes(name)),
    [],
  );
  assert.deepEqual(
    tableRows(outcomes, '## Each outcome')
      .slice(0, (await labels('registry.outcome')).length)
      .flatMap(([outcome]) => names(outcome)),
    await labels('registry.outcome'),
  );
});

test('what a mismatch says in its detail is explained, and nothing else', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback, { personnummer: sampleNumbers[1] });
  await callback.login(); // linked, so that the detail of the case has nothing of how the member was found
  await callback.login({ personnummer: sampleNumbers[0] });
  const { detail } = await one<{ detail: object }>(db, 'select detail from registry.conflicts');
  const explained = tableRows(coordinators, '## What a mismatch says besides').flatMap(([first]) => names(first));
  const said = Object.keys(detail).filter((name) => name !== 'match_rule');
  assert.deepEqual(explained.toSorted(), said.toSorted());
});
