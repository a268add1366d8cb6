import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { test } from 'vitest';
import { readFunctionFiles } from '../../db/function-files.ts';
import { migrate } from '../../db/migrate.ts';
import { availableVersions } from '../../local/postgres-binaries.ts';
import { withCluster } from '../support/own-cluster.ts';
import { databaseUrl } from '../support/template.ts';
import { emailPairs, judge } from './names/pairs.ts';

/** Ways to make a database in which lower(), upper() and the character classes answer differently. */
function waysToMakeOne(version: number, locales: string[]): Record<string, string> {
  return {
    'libc C': `locale_provider libc locale 'C'`,
    'ICU Norwegian': `locale_provider icu icu_locale 'nb-NO' locale 'C'`,
    'ICU Turkish': `locale_provider icu icu_locale 'tr-TR' locale 'C'`,
    ...(version >= 17 ? { 'builtin C.UTF-8': `locale_provider builtin builtin_locale 'C.UTF-8' locale 'C'` } : {}),
    ...Object.fromEntries(
      locales
        .filter((one) => /^(nb_NO|tr_TR|en_US|C)\.utf-?8$/i.test(one))
        .map((one) => [`libc ${one}`, `locale_provider libc locale '${one}'`]),
    ),
  };
}

async function inDatabase<T>(url: string, action: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await action(client);
  } finally {
    await client.end();
  }
}

const comparison = await comparisonOfNames();
const newest = Math.max(...availableVersions());

/** The comparison of names and addresses alone. All migrations are tried with every locale too, but by one version: they take longest. */
async function comparisonOfNames(): Promise<string> {
  const types = readFileSync('db/migrations/20261128000600_rule_types.sql', 'utf8');
  const files = new Map((await readFunctionFiles()).map(({ name, sql }) => [name, sql]));
  const needed = new Set<string>();
  const need = (name: string) => {
    const sql = files.get(name);
    if (sql === undefined || needed.has(name)) return;
    needed.add(name);
    for (const [called] of sql.matchAll(/private\.\w+(?=\()/g)) need(called);
  };
  need('private.compare_names');
  need('private.email_key');
  return [
    'create schema private; set check_function_bodies = off;',
    ...['name_agreement', 'name_part'].map(
      (type) => new RegExp(`create type private.${type} as [^;]*;`).exec(types)?.[0] ?? '',
    ),
    ...[...needed].map((name) => `${files.get(name)}`.replace(/^grant .*;$/gm, '')),
  ].join('\n');
}

for (const version of availableVersions()) {
  test(`PostgreSQL ${version}: names and e-mail addresses are compared alike in databases of every locale`, () =>
    withCluster(version, async (server) => {
      const { rows } = await inDatabase(server.url, (client) =>
        client.query<{ collname: string }>(`select distinct collname from pg_collation where collprovider = 'c'`),
      );
      const ways = waysToMakeOne(
        version,
        rows.map(({ collname }) => collname),
      );
      const answers = new Map<string, unknown>();
      const localeOf = new Map<string, unknown>();
      for (const [at, [way, options]] of Object.entries(ways).entries()) {
        const database = `names_${at}`;
        await inDatabase(server.url, (client) =>
          client.query(`create database ${database} template template0 encoding 'UTF8' ${options}`),
        );
        const url = databaseUrl(server.url, database);
        if (version === newest) await migrate({ databaseUrl: url });
        else await inDatabase(url, (client) => client.query(comparison));
        await inDatabase(url, async (client) => {
          const judged = await judge(client);
          assert.deepEqual(
            judged.filter(
              ({ beyond, right, said, saidReversed }) =>
                beyond === undefined && (said !== right || saidReversed !== right),
            ),
            [],
            way,
          );
          const keys = await client.query(
            'select private.email_key(o.one) = private.email_key(o.other) as same from unnest($1::text[], $2::text[]) as o (one, other)',
            [emailPairs.map(([one]) => one), emailPairs.map(([, other]) => other)],
          );
          assert.deepEqual(
            keys.rows.map(({ same }) => same),
            emailPairs.map(([, , same]) => same),
            way,
          );
          answers.set(
            way,
            judged.map(({ said }) => said),
          );
          localeOf.set(
            way,
            (await client.query(`select lower('I') || lower('Ø') || lower('И') as small`)).rows[0].small,
          );
        });
      }
      for (const [way, said] of answers) assert.deepEqual(said, answers.get('libc C'), way);
      // The databases do differ, or this test would show nothing.
      assert.ok(new Set(localeOf.values()).size >= 3, JSON.stringify([...localeOf]));
    }));
}
