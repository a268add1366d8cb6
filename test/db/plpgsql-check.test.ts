import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import pg from 'pg';
import { test } from 'vitest';
import { OUR_SCHEMAS } from '../../db/catalog.ts';
import { migrate } from '../../db/migrate.ts';
import { availableVersions } from '../../local/postgres-binaries.ts';
import { withCluster } from '../support/own-cluster.ts';

/** Where Debian's package postgresql-15-plpgsql-check puts its library and the statements that install it. */
const LIBRARY = '/usr/lib/postgresql/15/lib/plpgsql_check.so';
const [INSTALL] = globSync('/usr/share/postgresql/15/extension/plpgsql_check--*.sql');
/** Skipped without Debian's package postgresql-15-plpgsql-check, which .ci/run installs where it can. */
const missing = INSTALL === undefined || !globSync(LIBRARY).length || !availableVersions().includes(15);

/** Functions and, for trigger functions, the table they are attached to and what they call its new rows. */
const FUNCTIONS = `
  select p.oid::regprocedure::text as name, coalesce(t.tgrelid, 0) as relation, max(t.tgnewtable::text) over (partition by p.oid) as added
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
  left join pg_trigger t on t.tgfoid = p.oid and not t.tgisinternal
  where n.nspname = any ($1) and l.lanname = 'plpgsql'
  order by 1`;

test('plpgsql_check finds nothing in any function', { skip: missing }, () =>
  withCluster(15, async (server) => {
    await migrate({ databaseUrl: server.url });
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    try {
      await client.query(`load 'plpgsql'`);
      const install = readFileSync(INSTALL as string, 'utf8').replace(/^\\.*$/gm, '');
      await client.query(install.replaceAll('@extschema@', 'public').replaceAll('MODULE_PATHNAME', LIBRARY));
      const { rows: functions } = await client.query<{ name: string; relation: string; added: string | null }>(
        FUNCTIONS,
        [OUR_SCHEMAS],
      );
      assert.ok(functions.length > 20);
      const findings: string[] = [];
      for (const { name, relation, added } of functions) {
        const { rows } = await client.query(
          `select level, lineno, message from plpgsql_check_function_tb($1::regprocedure, $2::oid::regclass,
               extra_warnings => true, performance_warnings => false, newtable => $3)`,
          [name, relation, added],
        );
        findings.push(...rows.map((row) => `${name} line ${row.lineno}: ${row.level}: ${row.message}`));
      }
      assert.deepEqual(findings, []);
    } finally {
      await client.end();
    }
  }),
);
