import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { OUR_SCHEMAS } from '../../db/catalog.ts';
import { LOGIN_ROLES } from '../../local/login-roles.ts';
import { blocks, names, readPage, tableRows } from './markdown.ts';

const page = await readPage('hosted-supabase.md');
const { scripts } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

test('every command of the page is there', () => {
  const commands = [...page.matchAll(/npm run (?:--silent )?([a-z:]+)/g)].map(([, name = '']) => name);
  assert.ok(commands.length > 11, String(commands.length));
  assert.deepEqual(
    commands.filter((name) => scripts[name] === undefined),
    [],
  );
});

test('its connection strings name a login of ours, or postgres, as the pooler wants it, with verified TLS', () => {
  const urls = blocks(page, 'sh').flatMap((text) =>
    [...text.matchAll(/'(postgres:[^']+)'/g)].map(([, url = '']) => new URL(url)),
  );
  assert.equal(urls.length, 4);
  for (const url of urls) {
    const [role = '', project] = url.username.split('.');
    assert.ok(['postgres', ...LOGIN_ROLES].includes(role), role);
    assert.equal(project, 'REF');
    assert.equal(url.port, '5432');
    assert.equal(url.searchParams.get('sslmode'), 'verify-full');
  }
});

test('the schemas that must not be exposed are all of ours but api', () => {
  const [, listed = ''] = /none of our others \(([^)]+)\)/.exec(page) ?? [];
  assert.deepEqual(names(listed).toSorted(), OUR_SCHEMAS.filter((name) => name !== 'api').toSorted());
});

test('each variable that the check reads is set on the page', () => {
  const source = readFileSync(join(import.meta.dirname, '../../supabase-check/config.ts'), 'utf8');
  const read = [...source.matchAll(/\.(?:databaseUrl|url|required|parsed)\('([A-Z_]+)'/g)].map(([, name = '']) => name);
  assert.ok(read.length >= 8);
  const set = blocks(page, 'sh').join('\n');
  assert.deepEqual(
    read.filter((name) => !set.includes(`${name}=`)),
    [],
  );
  assert.equal(tableRows(page, '## 6. The programs').length, 4);
});
