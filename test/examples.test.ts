import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { test } from 'vitest';
import { signAccessToken } from '../local/access-token.ts';
import { actAsCallback, addKari } from './support/acting-callback.ts';
import { artifactsFolder } from './support/artifacts.ts';
import { bareEnvironment } from './support/bare-environment.ts';
import { createTestDatabase, type TestDatabase } from './support/database.ts';
import { startTestPostgrest } from './support/postgrest.ts';
import { addCoordinator, sampleNumbers, testKeys } from './support/samples.ts';

const [NUMBER, OTHER_NUMBER] = sampleNumbers;
const EXAMPLE = resolve(import.meta.dirname, '..', 'examples', 'settle-a-case.ts');

type Run = { code: number; output: string };

/** Runs the example as a person would, with nothing of this process's environment. */
function run(arguments_: string[], variables: Record<string, string> = {}): Promise<Run> {
  return new Promise((done) => {
    execFile(
      process.execPath,
      [EXAMPLE, ...arguments_],
      { env: { ...bareEnvironment(), ...variables } },
      (error, out, errors) => done({ code: Number(error?.code ?? 0), output: out + errors }),
    );
  });
}

/** An organisation with one open case, its coordinator's token, and PostgREST in front. */
async function withCase(action: (at: { db: TestDatabase; url: string; token: string }) => Promise<void>) {
  await using db = await createTestDatabase();
  await using postgrest = await startTestPostgrest(db);
  const callback = await actAsCallback(db);
  await addKari(db, callback, { personnummer: OTHER_NUMBER });
  await callback.login({ personnummer: NUMBER });
  const coordinator = await addCoordinator(db, callback.organization);
  const token = await signAccessToken(testKeys().environment.ACCESS_TOKEN_KEYS, coordinator);
  await action({ db, url: postgrest.url, token });
}

const history = async (db: TestDatabase) => {
  const { rows } = await db.pool.query<{ event: string }>(
    `select event from audit.events where source = 'coordinator' order by id`,
  );
  return rows.map(({ event }) => event);
};

test('the example lists the open cases, settles one and takes it back: by arguments, variables, or the stack file', () =>
  withCase(async ({ db, url, token }) => {
    const stack = join(await mkdtemp(join(artifactsFolder(), 'example-')), 'stack.json');
    await writeFile(stack, JSON.stringify({ postgrestUrl: url, organizations: [{ coordinatorToken: token }] }));
    const ways = [
      () => run(['--url', url, '--token', token]),
      () => run([], { POSTGREST_URL: url, COORDINATOR_TOKEN: token }),
      () => run(['--stack', stack, '--decision', 'accept_observed']),
    ];
    for (const way of ways) {
      const { code, output } = await way();
      assert.equal(code, 0, output);
      assert.match(output, /1 open cases\n.*mismatch.*319261\*{5}.*018150\*{5}\nsettled: .*\nundone: .* open again/);
    }
    const settledAndUndone = ['case_resolved', 'case_reopened'];
    assert.deepEqual((await history(db)).slice(0, 4), [...settledAndUndone, ...settledAndUndone]);
    assert.ok((await history(db)).includes('number_restored'));
  }));

test('the example says what was refused, and what failed, and ends with 1', () =>
  withCase(async ({ url, token }) => {
    const refused = await run(['--url', url, '--token', token, '--decision', 'merge_into']);
    assert.equal(refused.code, 1);
    assert.match(refused.output, /settling the case: refused \(decision_not_applicable\)/);
    const nobody = await run(['--url', url, '--token', 'not a token']);
    assert.equal(nobody.code, 1);
    assert.match(nobody.output, /listing the open cases: failed \(PGRST301\)/);
  }));

test('what it cannot do it says in one line', () =>
  withCase(async ({ url, token }) => {
    const nobody = '00000000-0000-0000-0000-000000000000';
    const cases: [string[], RegExp][] = [
      [['--url', url, '--token', token, '--case', nobody], /\nThere is no open case 0{8}[-0]+\.\n$/],
      [['--url', 'http://127.0.0.1:1', '--token', token], /^listing the open cases: failed \(no answer\)\. .*\n$/],
      [['--colour', 'red'], /^Unknown option '--colour'.*\n$/],
    ];
    for (const [words, expected] of cases) {
      const { code, output } = await run(words);
      assert.equal(code, 1);
      assert.match(output, expected);
    }
  }));
