import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'vitest';
import { checkProvider, formatReport } from '../../../auth-callback/check/check-provider.ts';
import type { ProviderConfig } from '../../../auth-callback/config.ts';
import type { ProviderRow } from '../../../auth-callback/provider/provider-row.ts';
import { deploymentRules } from '../../../runtime/deployment.ts';
import { createGuardedFetch } from '../../../runtime/guarded-fetch.ts';
import { createTestDatabase } from '../../support/database.ts';
import { inCase } from '../../support/in-case.ts';
import { addOrganization, addProvider } from '../../support/samples.ts';
import { createSigningKey, json, metadataOf, startProvider, type TestProvider } from '../support/provider.ts';
import { providerRow } from '../support/provider-row.ts';

const fetch = createGuardedFetch({ deployment: 'local', timeoutMs: 5_000, maxBytes: 1024 * 1024 });
const secret = 'secret that must not be shown';

const config: ProviderConfig = {
  ...{ deployment: 'local', rules: deploymentRules('local'), databaseUrl: '', publicUrl: 'https://login.example.no' },
  clientSecrets: new Map([['OIDC_THERE', secret]]),
  webhookSecrets: new Map(),
  providerTimeoutMs: 5_000,
  erasureLedger: null,
};

const good: Partial<ProviderRow> = {
  tokenEndpointAuthMethod: 'client_secret_basic',
  clientSecretEnv: 'OIDC_THERE',
  scopes: ['openid', 'name', 'nin'],
  personnummerScope: 'nin',
};

const metadata = (changes: Record<string, unknown>) => (provider: TestProvider) => {
  provider.metadata = (whole) => ({ ...whole, ...changes });
};

/** A row, a provider, and what the report has to name; a fault, or with `note` something worth knowing. */
type Case = {
  name: string;
  row?: Partial<ProviderRow>;
  spoil?: (provider: TestProvider) => void | Promise<void>;
  fault?: RegExp;
  note?: RegExp;
  /** Whether the fault is what the token endpoint says. */
  asksTheProvider?: boolean;
};

const staff: Partial<ProviderRow> = {
  provider: 'staff',
  scopes: ['openid', 'email'],
  personnummerScope: null,
  requiredAmr: ['mfa'],
  clients: [{ clientId: 'desk', redirectUris: ['https://desk.example/signed-in'], name: 'Desk' }],
  returnTo: [],
};

const cases: Case[] = [
  { name: 'all is well' },
  {
    name: 'no secret',
    row: { clientSecretEnv: 'OIDC_MISSING' },
    fault: /the client: the variable OIDC_MISSING is not/,
  },
  { name: 'no name of a secret', row: { clientSecretEnv: null }, fault: /no variable is named for its secret/ },
  { name: 'a secret of somebody else', row: { clientSecretEnv: 'DATABASE_URL' }, fault: /does not begin with OIDC_/ },
  { name: 'a key that is none', row: { tokenEndpointAuthMethod: 'private_key_jwt' }, fault: /private JWK/ },
  { name: 'an unknown way of authentication', row: { tokenEndpointAuthMethod: 'magic' }, fault: /is unknown/ },
  {
    name: 'no secret of the lookup client',
    row: { lookupClientId: 'other', lookupClientSecretEnv: 'OIDC_MISSING', lookupAuthMethod: 'client_secret_basic' },
    fault: /the lookup client: the variable OIDC_MISSING/,
  },
  {
    name: 'an issuer with a query',
    row: { issuer: 'https://provider.example/?a=b' },
    fault: /not a plain https address/,
  },
  { name: 'an algorithm that proves nothing', row: { idTokenSignedResponseAlg: 'HS256' }, fault: /asymmetric/ },
  {
    name: 'a return address that nobody is sent to',
    row: { returnTo: ['no.nhf.app:/return', 'https://app.example/return#top'] },
    fault: /the return address https:\/\/app\.example\/return#top cannot be used/,
  },
  { name: 'no return address', row: { returnTo: [] }, fault: /no return address is registered.*return_to/ },
  { name: 'a consent leg without a scope', row: { consentMode: 'provider' }, fault: /no consent_scope/ },
  {
    name: 'a scope to leave out that is not asked for',
    row: { askNumberWhenMissing: true, personnummerScope: 'pid' },
    fault: /personnummer_scope names none of the scopes/,
  },
  {
    name: 'a provider that is down',
    spoil: ({ respond }) => void respond.set('/.well-known/openid-configuration', (_, response) => response.destroy()),
    fault: /discovery at http.* failed: provider_connection_failed/,
  },
  {
    name: 'another issuer',
    spoil: metadata({ issuer: 'https://evil.example/' }),
    fault: /names another issuer \(provider_issuer_mismatch\)/,
  },
  { name: 'no PKCE', spoil: metadata({ code_challenge_methods_supported: ['plain'] }), fault: /does not list S256/ },
  {
    name: 'another way of authentication',
    spoil: metadata({ token_endpoint_auth_methods_supported: ['private_key_jwt'] }),
    fault: /token_endpoint_auth_methods_supported does not list client_secret_basic/,
  },
  {
    name: 'another algorithm',
    spoil: metadata({ id_token_signing_alg_values_supported: ['ES256'] }),
    fault: /does not list RS256/,
  },
  { name: 'no userinfo', spoil: metadata({ userinfo_endpoint: undefined }), fault: /announces no userinfo_endpoint/ },
  {
    name: 'no introspection',
    row: { personnummerFrom: 'introspection' },
    fault: /to come from introspection, but neither/,
  },
  { name: 'no tokeninfo', row: { personnummerFrom: 'tokeninfo' }, fault: /to come from tokeninfo, but neither/ },
  {
    name: 'keys of another kind',
    spoil: async (provider) => {
      provider.keys = [(await createSigningKey('ec', 'ES256')).publicJwk];
    },
    fault: /no key of the provider goes with RS256/,
  },
  {
    name: 'keys that cannot be had',
    spoil: ({ respond }) => void respond.set('/jwks', (_, response) => void response.writeHead(500).end()),
    fault: /the key set answers with 500/,
  },
  {
    name: 'a secret that the provider does not know',
    spoil: ({ respond }) =>
      void respond.set('/token', (_, response) =>
        response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"invalid_client"}'),
      ),
    fault:
      /does not take our client \(invalid_client\): client_id, what OIDC_THERE holds and token_endpoint_auth_method/,
    asksTheProvider: true,
  },
  {
    name: 'a challenge in place of an answer',
    spoil: ({ respond }) =>
      void respond.set('/token', (_, response) =>
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(),
      ),
    fault: /does not take our client \(invalid_client\)/,
    asksTheProvider: true,
  },
  {
    name: 'a clock that is wrong',
    spoil: ({ respond, issuer }) =>
      void respond.set('/.well-known/openid-configuration', (_, response) => {
        response.setHeader('date', new Date(Date.now() - 120_000).toUTCString());
        json(response, 200, metadataOf(issuer));
      }),
    fault: /this machine's clock is 1[12][0-9] seconds ahead of the provider's/,
  },
  { name: 'capture off', row: { capture: false }, note: /capture is off/ },
  { name: 'a staff provider', row: staff },
  { name: 'a staff provider without userinfo', row: staff, spoil: metadata({ userinfo_endpoint: undefined }) },
  {
    name: 'no app for coordinators',
    row: { ...staff, clients: [] },
    fault: /no app for coordinators is registered.*client_id coordinator-desk/,
  },
  { name: 'no e-mail address', row: { ...staff, scopes: ['openid'] }, fault: /no invitation can be used/ },
  { name: 'no second factor', row: { ...staff, requiredAmr: [] }, note: /must be required at the provider/ },
  { name: 'a level nobody asks for', row: { minimumAcr: 'idporten-loa-high' }, note: /acr_values does not ask for it/ },
  {
    name: 'parameters of the protocol in the row',
    row: { authorizationParams: { nonce: 'fixed', market: 'NO' } },
    note: /not sent where they belong to the protocol: nonce$/m,
  },
  { name: 'no webhook', note: /OIDC_WEBHOOK_SECRET_NHF is not set here/ },
  {
    name: 'a scope the provider does not list',
    spoil: metadata({ scopes_supported: ['openid'] }),
    note: /list name, nin/,
  },
  {
    name: 'a consent leg without PAR',
    row: { consentMode: 'provider', consentScope: 'nnin' },
    note: /the member goes to the consent question by a form/,
  },
];

test('every fault of a row, the environment or the provider is named, and no secret', async () => {
  for (const { name, row, spoil, fault, note, asksTheProvider } of cases) {
    await inCase(name, async () => {
      await using provider = await startProvider();
      await spoil?.(provider);
      const report = await checkProvider(providerRow({ issuer: provider.issuer, ...good, ...row }), config, fetch);
      const text = formatReport(report);
      assert.ok(!text.includes(secret));
      if (note !== undefined) assert.match(report.notes.join('\n'), note);
      if (fault === undefined) assert.deepEqual(report.faults, []);
      else assert.match(report.faults.join('\n'), fault);
      assert.equal(provider.count('/auth'), 0);
      assert.equal(provider.count('/token'), fault === undefined || asksTheProvider ? 1 : 0);
    });
  }
});

test('all faults are named at once', async () => {
  await using provider = await startProvider();
  metadata({ code_challenge_methods_supported: ['plain'] })(provider);
  const row = providerRow({ issuer: provider.issuer, ...good, clientSecretEnv: 'OIDC_MISSING', returnTo: [] });
  assert.equal((await checkProvider(row, config, fetch)).faults.length, 3);
});

type Run = { code: number; output: string };

function run(environment: Record<string, string>, ...options: string[]): Promise<Run> {
  return new Promise((resolve) => {
    const env = { PATH: process.env.PATH, ...environment };
    execFile(process.execPath, ['auth-callback/provider-check.ts', ...options], { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
  });
}

test('the command shows what will be asked and sent, and ends with 0, 1 or 2', async () => {
  await using db = await createTestDatabase();
  await using provider = await startProvider();
  const organization = await addOrganization(db);
  await addProvider(db, organization, { issuer: provider.issuer, client_id: 'our-client' });
  const environment = {
    ...{ DEPLOYMENT: 'local', DATABASE_URL: db.urlFor('auth_callback'), PUBLIC_URL: 'http://localhost:8080' },
    OIDC_TEST_CLIENT_SECRET: secret,
  };
  const wanted = ['--organization', organization.slug, '--provider'];
  const fine = await run(environment, ...wanted, 'vipps');
  assert.equal(fine.code, 0, fine.output);
  for (const text of [
    ...[`http://localhost:8080/callback/${organization.slug}/vipps`, 'our-client, client_secret_basic', 'no faults'],
    'scope=openid name phoneNumber email birthDate nin',
    'state=STATE',
    'code_challenge_method=S256',
    'secret from OIDC_TEST_CLIENT_SECRET',
    'claim nin of userinfo',
    `${provider.issuer}token`,
  ]) {
    assert.ok(fine.output.replaceAll('+', ' ').includes(text), text);
  }
  assert.ok(!fine.output.includes(secret));
  const { OIDC_TEST_CLIENT_SECRET: _, ...poorer } = environment;
  const faulty = await run(poorer, ...wanted, 'vipps');
  assert.equal(faulty.code, 1);
  assert.match(faulty.output, /OIDC_TEST_CLIENT_SECRET is not set here/);
  const unknown = await run(environment, ...wanted, 'bankid');
  assert.equal(unknown.code, 2);
  assert.match(unknown.output, new RegExp(`there are: ${organization.slug} vipps`));
  const wrong = await run(environment, '--organisation', 'x');
  assert.equal(wrong.code, 2);
  assert.match(wrong.output, /Usage: npm run provider:check/);
  const empty = await run({}, ...wanted, 'vipps');
  assert.equal(empty.code, 2);
  assert.match(empty.output, /DATABASE_URL is missing[\s\S]*PUBLIC_URL is missing/);
  const gone = await run({ ...environment, DATABASE_URL: 'postgres://x@127.0.0.1:9/x' }, ...wanted, 'vipps');
  assert.deepEqual([gone.code, gone.output.trim()], [2, 'the database cannot be asked: look at DATABASE_URL']);
});
