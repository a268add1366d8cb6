import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { readAuditToolsConfig } from '../../audit-tools/config.ts';
import { readCallbackConfig } from '../../auth-callback/config.ts';
import { readDeskConfig } from '../../coordinator-desk/config.ts';
import { runCreate } from '../../key-tools/run-create.ts';
import { readImportConfig } from '../../members-import/config.ts';
import { readConfig as readWorkerConfig } from '../../worker/config.ts';
import { names, readPage, tableRows } from './markdown.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const programs = {
  callback: 'auth-callback',
  worker: 'worker',
  import: 'members-import',
  invoices: 'invoices',
  desk: 'coordinator-desk',
  configure: 'configuration',
  auditor: 'audit-tools',
  'supabase:check': 'supabase-check',
};

/** Read in one place for all programs (`runtime/erasure-ledger.ts`). */
const ledger = ['ERASURE_LEDGER', 'ERASURE_LEDGER_TOKEN'];

/** The same (`runtime/tracing/setting.ts`), and what OpenTelemetry's own packages read. */
const tracing = [
  ...['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_PROTOCOL'],
  ...['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_SERVICE_NAME', 'OTEL_TRACES_SAMPLER', 'OTEL_TRACES_SAMPLER_ARG'],
  ...['OTEL_TRACES_EXPORTER', 'OTEL_SDK_DISABLED', 'OTEL_BSP_SCHEDULE_DELAY', 'OTEL_RESOURCE_ATTRIBUTES'],
];

/** The variables that a program's `config.ts` reads, with the default where it stands beside the name. */
function variablesOf(folder: string): Map<string, string | undefined> {
  const source = readFileSync(join(ROOT, folder, 'config.ts'), 'utf8');
  const read = new Map<string, string | undefined>();
  for (const [, name = '', rest = ''] of source.matchAll(/\.\w+\(\s*'([A-Z_]*[A-Z])'([^;\n]*)/g)) {
    read.set(name, /default: ([\d_]+)/.exec(rest)?.[1]?.replaceAll('_', '') ?? /, '([^']+)'\)/.exec(rest)?.[1]);
  }
  if (source.includes('readLedgerSetting(')) for (const name of ledger) read.set(name, undefined);
  if (source.includes('readTracingSetting(')) for (const name of tracing) read.set(name, undefined);
  // It judges whether TLS is needed (`runtime/environment.ts`).
  const database = source.includes('.databaseUrl(');
  if (database) read.set('DATABASE_WITHOUT_TLS', undefined);
  if (database || source.includes('.deployment()')) read.set('DEPLOYMENT', 'production');
  for (const [, pattern = ''] of source.matchAll(/\/\^([A-Z_]+_)\[A-Z0-9_\]\+\$\//g))
    read.set(`${pattern}*`, undefined);
  for (const [, prefix] of source.matchAll(/startsWith\('([A-Z_]+_)'\)/g)) read.set(`${prefix}*`, undefined);
  for (const [, name = ''] of source.matchAll(/perMinute\('(RATE_[A-Z]+)'\)/g)) read.set(name, '60');
  return read;
}

const page = await readPage('deploying.md');
const rows = tableRows(page, '### Variables').map(([name, of = '', standard]) => ({
  name: names(name)[0] ?? '',
  of: of.split(', '),
  standard: names(standard)[0],
}));

for (const [program, folder] of Object.entries(programs)) {
  test(`every variable of the ${program} is on the page, and no other`, () => {
    const read = variablesOf(folder);
    const described = rows.filter(({ of }) => of.includes(program));
    assert.deepEqual(described.map(({ name }) => name).toSorted(), [...read.keys()].toSorted());
    for (const { name, standard } of described) {
      const expected = read.get(name);
      if (standard !== undefined && expected !== undefined) assert.equal(standard, expected, name);
    }
  });
}

test('the files of an installation without Docker hold all that their programs ask for, and nothing they do not read', async () => {
  const printed: Record<string, string> = {};
  const set = (variable: string, value: string) => {
    printed[variable] = value;
  };
  await runCreate(['all', 'login.example.no/audit'], { say: () => undefined, set, explain: assert.fail });
  const own: Record<string, string> = {
    DATABASE_URL: 'postgres://somebody@db.example.no/registry?sslmode=verify-full',
    PUBLIC_URL: 'https://login.example.no',
    TRUSTED_PROXY_DEPTH: '1',
    AUDIT_CHECKPOINT_FILE: '/var/lib/personnummer-sync/checkpoints.jsonl',
    WORKER_PORT: '8083',
    PORT: '8082',
    DESK_URL: 'https://desk.example.no',
    CALLBACK_URL: 'https://login.example.no',
    POSTGREST_URL: 'https://api.example.no',
    DESK_ORGANIZATIONS: 'nhf=NHF',
  };
  const readers: Record<string, [program: string, read: (environment: Record<string, string>) => unknown]> = {
    'callback.env': ['callback', readCallbackConfig],
    'worker.env': ['worker', readWorkerConfig],
    'desk.env': ['desk', readDeskConfig],
    'import.env': ['import', readImportConfig],
    'auditor.env': ['auditor', (environment) => readAuditToolsConfig(environment, { database: true, keys: true })],
  };
  const files = tableRows(page, '## Without Docker');
  assert.deepEqual(
    files.map(([file]) => names(file)[0]).filter((file) => file?.endsWith('.env')),
    Object.keys(readers),
  );
  for (const [file, made, added] of files) {
    const [program, read] = readers[names(file)[0] ?? ''] ?? [];
    if (program === undefined || read === undefined) continue;
    const given = [...names(made), ...names(added)].filter((name) => /^[A-Z_]+$/.test(name.split('=')[0] ?? ''));
    const variables = given.map((name) => name.split('=')[0] ?? '');
    const unread = variables.filter((name) => !rows.some((row) => row.name === name && row.of.includes(program)));
    assert.deepEqual(unread, [], file);
    read(Object.fromEntries(variables.map((name) => [name, printed[name] ?? own[name] ?? ''])));
  }
});

test('.env.example and compose name no variable that nobody reads', () => {
  const known = new Set(rows.map(({ name }) => name));
  const compose = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
  const [programsOnly = ''] = compose.split('\n  postgrest:');
  const given = [...programsOnly.slice(programsOnly.indexOf('\n  callback:')).matchAll(/^ {6}([A-Z_]+):/gm)];
  const unknown = given
    .map(([, name = '']) => name)
    .filter((name) => !known.has(name) && !known.has(`${/^(OIDC|MEMBER_SYSTEM|INVOICE)_/.exec(name)?.[0]}*`));
  assert.ok(given.length > 15);
  assert.deepEqual(unknown, []);
});

test('the database of compose keeps numbers out of its log, by the settings that operators must make', () => {
  const settings = [...readFileSync(join(ROOT, 'SECURITY.md'), 'utf8').matchAll(/`(log_\w+) = (\w+)`/g)];
  const compose = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
  assert.ok(settings.length >= 3);
  for (const [, name, value] of settings) assert.match(compose, new RegExp(`-c, ${name}=${value}\\b`));
});

test.each(['import', 'invoices'])(
  'compose can take files in: its service %s has every variable that the program needs',
  (program) => {
    const compose = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
    const [, service = ''] = new RegExp(`\\n {2}${program}:\\n([\\s\\S]*?)\\n\\n`).exec(compose) ?? [];
    const needed = rows.filter(({ name, of }) => of.includes(program) && name !== 'IMPORT_THREADS');
    assert.ok(needed.length >= 4);
    for (const { name } of needed) assert.ok(service.includes(` ${name}: `), name);
  },
);
