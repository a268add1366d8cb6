import assert from 'node:assert/strict';
import { test } from 'vitest';
import { runRotate } from '../../key-tools/run-rotate.ts';
import { comeBack, start, token, tokensOf } from '../auth-callback/support/browser.ts';
import { startCallback, startWorld, type World } from '../auth-callback/support/world.ts';
import { testKeys } from '../support/samples.ts';

// Access-token key and transaction secret turn over between two callbacks that are restarted one after the other. A login begins at one and
// ends at the other at every step, and a token of either is good at both.

test('a login that begins at one callback ends at the other at every step, and tokens stay good', async () => {
  await using world = await startWorld();
  let variables: Record<string, string> = { ...testKeys().environment };
  const since = '2026-01-01T00:00:00Z';
  async function rotate(...words: string[]) {
    const printed: Record<string, string> = {};
    const explained: string[] = [];
    const set = (variable: string, value: string) => {
      printed[variable] = value;
    };
    const environment = { DEPLOYMENT: 'local', PUBLIC_URL: world.url, ...variables };
    const code = await runRotate(words, environment, {
      say: () => undefined,
      set,
      explain: (text) => explained.push(text),
    });
    return { code, printed, said: explained.join('\n') };
  }
  const settings = () => ({
    ACCESS_TOKEN_KEYS: variables.ACCESS_TOKEN_KEYS ?? '',
    TRANSACTION_SECRETS: variables.TRANSACTION_SECRETS ?? '',
  });
  const parts = new AsyncDisposableStack();
  await using _ = parts;
  const open = async () => parts.use(await startCallback(world.db, settings()));
  let pair = [await open(), await open()];
  let logins = 0;
  const tokens: string[] = [];
  const at = (nth: number): World => ({ ...world, url: pair[nth]?.url ?? '' });

  /** A login that begins here and ends there, its code redeemed here, and every older session's key still published. */
  async function acrossBoth(): Promise<void> {
    for (const [here, there] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const started = await start(at(here));
      const ended = await comeBack(at(there), world.provider.authorize(started.address, world.person), started.cookie);
      assert.notEqual(ended.code, null, `${ended.status} ${ended.error}`);
      const form = { grant_type: 'authorization_code', code: ended.code ?? '', code_verifier: started.codeVerifier };
      const { access_token } = await tokensOf(await token(at(here), form));
      tokens.push(access_token);
      logins += 1;
      for (const nth of [0, 1]) {
        const { keys } = (await (await fetch(`${at(nth).url}/.well-known/jwks.json`)).json()) as {
          keys: { kid: string }[];
        };
        assert.ok(
          keys.some(({ kid }) => kid === kidOf(access_token)),
          'whoever asks either callback can verify it',
        );
      }
    }
  }
  async function rollOut(next: Record<string, string>): Promise<void> {
    variables = { ...variables, ...next };
    for (const nth of [0, 1]) {
      pair = pair.with(nth, await open());
      await acrossBoth();
    }
    Object.assign(world, { url: at(0).url });
  }
  await acrossBoth();
  Object.assign(world, { url: at(0).url });

  for (const kind of ['access-token', 'transaction'] as const) {
    const known = await rotate(kind, 'know');
    assert.equal(known.code, 0, known.said);
    if (kind === 'access-token') {
      variables = { ...variables, ...known.printed };
      assert.match((await rotate(kind, 'use', '--since', since)).said, /key_not_seen: the callback does not publish/);
    }
    await rollOut(known.printed);
    if (kind === 'access-token') {
      assert.match((await rotate(kind, 'use')).said, /too_early: .* 60 minutes .*--since/);
      const early = new Date(Date.now() - 59 * 60_000).toISOString();
      assert.match((await rotate(kind, 'use', '--since', early)).said, /too_early: not before/);
    }
    const used = await rotate(kind, 'use', '--since', since);
    assert.equal(used.code, 0, used.said);
    const before = tokens.at(-1) ?? '';
    await rollOut(used.printed);
    if (kind === 'access-token') assert.notEqual(kidOf(tokens.at(-1) ?? ''), kidOf(before), 'the new key signs');
    assert.match((await rotate(kind, 'finish')).said, /too_early/);
    const finished = await rotate(kind, 'finish', '--since', since);
    assert.equal(finished.code, 0, finished.said);
    await rollOut(finished.printed);
  }
  assert.equal((await world.observations()).length, logins, 'no login was lost');
});

const kidOf = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString()).kid as string;
