import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { runProgram } from '../../configuration/run-program.ts';
import { startProvider } from '../auth-callback/support/provider.ts';
import { bareEnvironment } from '../support/bare-environment.ts';
import { createTestDatabase } from '../support/database.ts';
import { json, listen } from '../worker/support/listen.ts';

// `npm run configure -- --plan --try`: what is not in the database yet is tried as callback and worker would use it.

const SECRETS = { OIDC_VIPPS_NHF: 'secret-of-the-client', MEMBER_SYSTEM_NHF: 'secret-of-the-member-system' };

const fileFor = (issuer: string, memberSystem: string) => `organizations:
  - slug: nhf
    name: Norges Handikapforbund
    return_to: [http://127.0.0.1/return]
    providers:
      vipps: { issuer: "${issuer}", client_id: nhf, client_secret_env: OIDC_VIPPS_NHF, scopes: [openid, nin] }
    member_system: { url_template: "${memberSystem}/{external_id}", auth: bearer, secret_env: MEMBER_SYSTEM_NHF }
`;

test('providers and member systems are tried before their rows are there; nothing is changed', async () => {
  await using db = await createTestDatabase();
  await using provider = await startProvider();
  const asked: string[] = [];
  await using memberSystem = await listen((request, response) => {
    asked.push(`${request.method} ${request.headers.authorization}`);
    json(response, 404, {});
  });
  const good = { ...bareEnvironment(), DEPLOYMENT: 'local', DATABASE_URL: db.migratorUrl, ...SECRETS };
  async function run(text: string, environment: Record<string, string>, ...words: string[]) {
    const file = join(tmpdir(), `${randomUUID()}.yaml`);
    await writeFile(file, text);
    const said: string[] = [];
    const say = (line: string) => said.push(line);
    const code = await runProgram([...words, file], environment, { say, complain: say });
    return { code, said: said.join('\n') };
  }
  const text = fileFor(provider.issuer, memberSystem.url);
  const withUrl = { ...good, PUBLIC_URL: 'http://localhost:8080' };

  const fine = await run(text, withUrl, '--plan', '--try');
  assert.equal(fine.code, 3, fine.said);
  assert.match(fine.said, /^nhf vipps: [\s\S]*no faults$/m);
  assert.match(fine.said, /^nhf member system:\n(ok .*\n){4}nothing was changed$/m);
  assert.deepEqual(asked, [`OPTIONS Bearer ${SECRETS.MEMBER_SYSTEM_NHF}`]);
  for (const table of ['registry.organizations', 'audit.events']) {
    assert.equal((await db.pool.query(`select from ${table}`)).rowCount, 0, `${table} is as it was`);
  }

  const { OIDC_VIPPS_NHF: _, MEMBER_SYSTEM_NHF: __, ...poor } = withUrl;
  const poorly = await run(text, poor, '--plan', '--try');
  assert.equal(poorly.code, 1);
  assert.match(poorly.said, /the variable OIDC_VIPPS_NHF is not set here/);
  assert.match(poorly.said, /failed {2}our credentials are there: secret_missing/);

  const wrong = await run(fileFor(`${provider.issuer}x/`, memberSystem.url), withUrl, '--plan', '--try');
  assert.deepEqual([wrong.code, /discovery at \S+x\/ failed/.test(wrong.said)], [1, true], wrong.said);
  const homeless = await run(text, good, '--plan', '--try');
  assert.equal(homeless.code, 1);
  assert.match(homeless.said, /PUBLIC_URL is missing/);
  assert.match(homeless.said, /^nhf member system:\nok /m, 'the other command tries its rows all the same');

  const app = '      - { client_id: app, name: App, redirect_uris: ["no.nhf.app:/x"] }\n';
  const twice = `    apps:\n${app}${app}`;
  const refused = await run(text + twice, withUrl, '--plan', '--try');
  assert.deepEqual([refused.code, /file_invalid|database_refused/.test(refused.said)], [1, true], refused.said);
  assert.equal((await run(text, withUrl, '--try')).code, 2, '--try alone');

  assert.equal((await run(text, withUrl, '--yes')).code, 0);
  assert.equal((await run(text, withUrl, '--plan', '--try')).code, 0);
  for (const secret of Object.values(SECRETS)) assert.ok(!(fine.said + poorly.said + refused.said).includes(secret));
});
