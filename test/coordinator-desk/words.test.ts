import assert from 'node:assert/strict';
import { test } from 'vitest';
import { formatIn } from '../../coordinator-desk/words/format.ts';
import { refusalWords } from '../../coordinator-desk/words/refusals.ts';
import { sessionWords } from '../../coordinator-desk/words/session.ts';
import { locales } from '../../runtime/language.ts';
import { names, readPage, tableRows } from '../docs/markdown.ts';

const page = await readPage('error-codes.md');
const codes = (heading: string) => tableRows(page, heading).flatMap(([code]) => names(code));

test('every refusal of docs/error-codes.md has a sentence in three languages that says what to do, and no other has', () => {
  for (const locale of locales) {
    assert.deepEqual(
      Object.keys(refusalWords[locale]).toSorted(),
      codes("## Refusals of the coordinators' functions").toSorted(),
      locale,
    );
    for (const [code, sentence] of Object.entries(refusalWords[locale])) {
      assert.match(sentence, /^[A-ZÅÆØ].{15,}\.$/s, `${locale} ${code}`);
    }
  }
});

test('every error that a sign-in can end with has its own sentence, or that of a login that failed', () => {
  const errors = codes('## Codes the app gets from a login');
  const ofMembersOnly = ['member_not_found', 'account_ambiguous', 'account_mismatch'];
  // Answers to requests that the desk does not make; were they to come, the sentence of a failed login names the technical contact.
  const ofOtherRequests = [
    'unsupported_response_type',
    'invalid_scope',
    'request_not_supported',
    'request_uri_not_supported',
    'login_required',
  ];
  const said = Object.keys(sessionWords.nb.refused);
  const unsaid = errors.filter((code) => ![...said, ...ofMembersOnly, ...ofOtherRequests].includes(code));
  assert.deepEqual(unsaid, []);
});

test('dates and numbers stand as Norwegians write them, at Norwegian time', () => {
  const nb = formatIn('nb');
  assert.equal(nb.date('2026-11-08T23:30:00Z'), '9. november 2026');
  assert.equal(nb.date('1950-01-02'), '2. januar 1950');
  assert.equal(nb.time('2026-06-08T11:05:00Z'), '8. juni 2026 kl. 13:05');
  assert.equal(nb.number(1234567), '1\u00a0234\u00a0567');
  assert.equal(formatIn('nn').date('2026-02-01T12:00:00Z'), '1. februar 2026');
  assert.equal(formatIn('en').date('2026-02-01T12:00:00Z'), '1 February 2026');
});
