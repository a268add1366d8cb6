import assert from 'node:assert/strict';
import { test } from 'vitest';
import { readPageForm } from '../../local/browser.ts';

test('a form’s hidden fields, first choices and address are read', () => {
  const html = `<form method="post" action="?a=1&amp;b=2">
<input type="hidden" name="request" value="&quot;x&quot;"><input type="radio" name="person" value="one" checked>
<input type="radio" name="person" value="two"><button type="submit" name="answer" value="yes">Yes</button>
<button name="answer" value="no">No</button><button>Go</button></form><form action="/other"></form>`;
  const form = readPageForm(html, 'http://127.0.0.1:1/consent/one/bankid?request=x');
  assert.equal(form?.action.href, 'http://127.0.0.1:1/consent/one/bankid?a=1&b=2');
  assert.deepEqual(form?.fields, { request: '"x"', person: 'one', answer: 'yes' });
});

test('a page without a form has none', () => {
  assert.equal(readPageForm('<p>Nothing to fill in</p>', 'http://127.0.0.1:1/'), undefined);
});
