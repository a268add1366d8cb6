import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'vitest';
import { describeDifferences } from '../../configuration/describe.ts';
import { ConfigureError } from '../../configuration/errors.ts';
import { readConfigurationFile } from '../../configuration/read-file.ts';
import { appTable } from '../../configuration/tables.ts';

/** The faults of a file, a line each. */
function faultsOf(text: string, allowsPlainHttp = false): string[] {
  try {
    readConfigurationFile(text, allowsPlainHttp);
  } catch (error) {
    assert.ok(error instanceof ConfigureError);
    assert.equal(error.code, 'file_invalid');
    return error.message.split('\n');
  }
  return [];
}

test('every fault is named at once, with its line and what is right', () => {
  const text = `organizations:
  - slug: NHF
    name: Norges Handikapforbund
    retention: two years
    colour: blue
    providers:
      vipps:
        issuer: http://provider.example/
        client_id: nhf
        client_secret_env: hemmelig-passord
        scopes: [openid]
        personnummer_scope: nin
      google:
        issuer: https://accounts.google.com
    member_system:
      url_template: https://members.example/{external_id}
      auth: bearer
      timeout_ms: 5
`;
  const faults = faultsOf(text);
  const lines = faults.map((fault) => Number(/^line (\d+):/.exec(fault)?.[1]));
  assert.deepEqual(
    lines,
    lines.toSorted((one, other) => one - other),
    'in the order of the file',
  );
  const expected: [number, RegExp][] = [
    [2, /slug must be 2 to 40 small letters/],
    [4, /retention is no length of time, such as "90 days"/],
    [5, /colour is unknown/],
    [8, /issuer must be an https address/],
    [
      10,
      /client_secret_env must be the name of an environment variable that begins with OIDC_, never the secret itself/,
    ],
    [12, /personnummer_scope must be one of scopes/],
    [13, /google is unknown/],
    [15, /secret_env is missing: kind http with auth bearer needs it/],
    [18, /timeout_ms must be at least 100$/],
  ];
  for (const [line, says] of expected) {
    assert.ok(
      faults.some((fault) => fault.startsWith(`line ${line}: `) && says.test(fault)),
      `line ${line} ${says}\n${faults.join('\n')}`,
    );
  }
  assert.equal(faults.length, expected.length, faults.join('\n'));
  assert.ok(!faults.join().includes('hemmelig'), 'what may be a secret is not repeated');
});

test('a value of another form is told with the form to write', () => {
  const head = 'organizations:\n  - slug: nhf\n    name: NHF\n    ';
  for (const [more, says] of [
    ['return_to: https://app.nhf.example/return', /return_to must be a list, such as \[one, another\]$/],
    ['capture_decided_by: 7', /capture_decided_by must be text; put it in quotes$/],
    ['providers: vipps', /providers must be names with their values, such as name: value$/],
    ['member_system: { timeout_ms: soon }', /timeout_ms must be a number$/],
  ] as const) {
    const faults = faultsOf(head + more);
    assert.ok(
      faults.some((fault) => says.test(fault)),
      faults.join('\n'),
    );
  }
});

test('rules that concern several values are told where the value is missing', () => {
  const head = 'organizations:\n  - slug: nhf\n    name: NHF\n';
  const one = (more: string) => faultsOf(head + more);
  assert.match(
    one('    member_system:\n      auth: basic\n      username: u\n').join('\n'),
    /line 4: .*url_template is missing.*\nline 4: .*secret_env is missing/,
  );
  assert.match(
    one('    coordinators:\n      - name: Kari\n').join(),
    /line 5: .*needs email, or issuer and subject, or user_id/,
  );
  assert.match(
    one('    coordinators:\n      - email: Kari@nhf.example\n      - email: kari@nhf.example\n').join(),
    /line 6: .*stands here for the second time/,
  );
  assert.match(
    one(
      '    providers:\n      staff: { issuer: "https://s.example", client_id: d, client_secret_env: OIDC_S, consent_mode: own }\n',
    ).join(),
    /line 5: .*consent_mode is for members/,
  );
  assert.match(
    one(
      '    providers:\n      vipps: { issuer: "https://s.example", client_id: d, client_secret_env: OIDC_S, scopes: [openid], personnummer_scope: nin }\n',
    ).join(),
    /line 5: .*personnummer_scope must be one of scopes/,
  );
  assert.match(
    one('    member_system:\n      kind: worklist\n      receiver_key: { kty: OKP, kid: k, d: geheim }\n').join(),
    /line 6: .*receiver_key\.d is the private key/,
  );
});

test('text that is no YAML, or has a key twice, is refused with its line', () => {
  assert.match(faultsOf('organizations: [').join(), /^line 1: /);
  assert.match(
    faultsOf('organizations:\n  - slug: nhf\n    slug: hlf\n    name: x\n').join(),
    /^line 3: Map keys must be unique/,
  );
  assert.match(faultsOf('').join(), /^line 1: the file must be names with their values/);
  assert.deepEqual(faultsOf('organizations:\n  - slug: nhf\n    name: 5\n'), [
    'line 3: organizations[0].name must be text; put it in quotes',
  ]);
  assert.deepEqual(faultsOf('organizations:\n  - slug: nhf\n'), ['line 2: organizations[0].name is missing']);
});

test('on one machine addresses may be http', () => {
  const file =
    'organizations:\n  - { slug: nhf, name: NHF, member_system: { url_template: "http://127.0.0.1/{external_id}" } }\n';
  assert.deepEqual(faultsOf(file, true), []);
  assert.equal(faultsOf(file).length, 1);
});

test('the example of the page is a configuration', async () => {
  const page = await readFile(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8');
  const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  assert.deepEqual(faultsOf(example), []);
});

test('aliases that cannot be followed, and tags that nobody knows, are faults of the file', () => {
  const nines = (name: string) => `[${Array(9).fill(name).join(', ')}]`;
  const bomb = Array.from({ length: 9 }, (_, n) => `a${n}: &a${n} ${nines(n === 0 ? 'x' : `*a${n - 1}`)}`);
  for (const text of [
    'organizations:\n  - slug: nhf\n    name: *nobody\n',
    `${bomb.join('\n')}\norganizations: *a8\n`,
    'organizations: &all\n  - slug: nhf\n    name: NHF\n    apps: *all\n',
  ]) {
    assert.deepEqual(faultsOf(text), ['an alias (*name) names nothing, itself, or far too much']);
  }
  assert.match(faultsOf('organizations:\n  - slug: nhf\n    name: !secret x\n').join(), /^line 3: Unresolved tag/);
});

test('what is shown stays on its line, whatever the file says', () => {
  const to = 'NHF\n  - member system: removed\u001b[2K\u202e\u2028';
  const [, row, column, ...more] = describeDifferences(
    [
      {
        kind: 'add',
        organization: 'nhf',
        table: appTable,
        label: to,
        place: null,
        columns: [{ name: 'name', from: null, to }],
      },
    ],
    false,
  );
  assert.deepEqual(more, []);
  for (const line of [row, column])
    assert.match(line ?? '', /NHF\\n {2}- member system: removed\\u001b\[2K\\u\{202e\}\\u\{2028\}"$/);
});

test('a receiver key that both sides share is no public key', () => {
  const file = (key: string) =>
    `organizations:\n  - slug: nhf\n    name: NHF\n    member_system: {kind: worklist, receiver_key: ${key}}\n`;
  assert.deepEqual(faultsOf(file('{kty: EC, kid: a, crv: P-256, x: b, y: c}')), []);
  assert.match(faultsOf(file('{kty: oct, kid: a, k: c2VjcmV0}')).join(), /receiver_key\.kty must be one of OKP, EC/);
});
