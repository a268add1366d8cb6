import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { readHelp } from '../../coordinator-desk/pages/help/help-text.ts';
import { navigation } from '../../coordinator-desk/pages/navigation.ts';
import { eventWords } from '../../coordinator-desk/words/events.ts';
import { explainFailure } from '../../coordinator-desk/words/failures.ts';
import { explainInvoice } from '../../coordinator-desk/words/invoice-states.ts';
import { type Locale, locales } from '../../runtime/language.ts';
import { readPage, tableRows } from '../docs/markdown.ts';

const root = join(import.meta.dirname, '..', '..');

test('everything that can happen to a member has words', () => {
  const audit = readFileSync(join(root, 'db/migrations/20261128000500_audit.sql'), 'utf8');
  const [, list = ''] = /audit\.event_name as text[^(]*\(value in \(([\s\S]*?)\)\)/.exec(audit) ?? [];
  const known = [...list.matchAll(/'(\w+)'/g)].map(([, event = '']) => event);
  // These are never about one member.
  const ofNobody =
    /^(coordinator_|sign_in_|import_(finished|abandoned|diff)|(invoice_)?breaker_|file_|receiver_key_|events_redacted|restore_accepted|configuration_changed)/;
  const expected = known.filter((event) => !ofNobody.test(event)).toSorted();
  assert.ok(expected.length > 40);
  assert.deepEqual(Object.keys(eventWords.nb).toSorted(), expected);
});

test.each([
  ['a delivery', 'pushes/private.explain_failure', explainFailure],
  ['an invoice', 'billing/billing.explain_state', (locale: Locale, code: string) => explainInvoice(locale, null, code)],
] as const)(
  'the sentence of a failure of %s follows the database: what it tells apart, the words tell apart',
  (_what, file, explain) => {
    const sql = readFileSync(join(root, `db/functions/${file}.sql`), 'utf8');
    const groups = [...sql.matchAll(/when p_error_code (?:in \(([^)]*)\)|= ('\w+'))\s*then/g)].map(([, many, one]) =>
      [...(many ?? one ?? '').matchAll(/'(\w+)'/g)].map(([, code = '']) => code),
    );
    assert.ok(groups.length >= 12);
    for (const locale of locales) {
      const unexpected = explain(locale, 'never heard of');
      const sentences = groups.map((codes) => new Set(codes.map((code) => explain(locale, code))));
      for (const [nth, each] of sentences.entries()) {
        assert.equal(each.size, 1, groups[nth]?.join());
        assert.ok(!each.has(unexpected), groups[nth]?.join());
      }
      assert.equal(new Set(sentences.map((each) => [...each][0])).size, groups.length);
    }
  },
);

test('the help names every page of the navigation in its own language, and keeps to coordinators', async () => {
  for (const locale of ['nb', 'en'] as const) {
    const { html, parts, language } = await readHelp(locale);
    assert.equal(language, locale);
    assert.ok(parts.length >= 6);
    for (const { label, href } of navigation) {
      const name = label(locale);
      if (href !== '/help') assert.ok(html.includes(name), `${locale}: ${name}`);
    }
    assert.doesNotMatch(html, /supabase-js|mermaid|<a /);
  }
  assert.equal((await readHelp('nn')).language, 'nb');
  const rows = tableRows(await readPage('for-coordinators.md'), '## The pages');
  assert.deepEqual(
    rows.map(([name]) => name),
    navigation.map(({ label }) => label('en')),
  );
});
