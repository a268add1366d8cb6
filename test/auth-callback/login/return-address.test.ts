import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { isReturnAddress } from '../../../auth-callback/login/login-request.ts';

const accepted = (address: string, allowsPlainHttp = false) => isReturnAddress(address, allowsPlainHttp);

test('https and the schemes of apps are accepted', () => {
  for (const address of ['https://app.example/return', 'https://app.example/return?from=login', 'no.nhf.app:/return']) {
    assert.ok(accepted(address), address);
  }
  assert.ok(accepted('no.nhf.app://return?from=login'));
});

test('http is accepted in a local deployment only: the code would travel in clear', () => {
  assert.ok(!accepted('http://app.example/return'));
  assert.ok(accepted('http://127.0.0.1:4300/return', true));
});

test('a scheme of one word belongs to nobody: browsers and systems have theirs, and any app may take it', () => {
  const words = [
    'view-source',
    'about',
    'blob',
    'chrome',
    'chrome-extension',
    'content',
    'data',
    'devtools',
    'edge',
    'feed',
    'file',
    'filesystem',
    'ftp',
    'geo',
    'intent',
    'jar',
    'javascript',
    'mailto',
    'market',
    'moz-extension',
    'ms-settings',
    'resource',
    'search-ms',
    'shell',
    'sms',
    'ssh',
    'tel',
    'vbscript',
    'ws',
    'wss',
    'x',
    'nhf',
  ];
  for (const word of words) {
    for (const rest of [':https://app.example/return', '://return', ':/return', ':x']) {
      assert.ok(!accepted(word + rest, true), word + rest);
      assert.ok(!accepted(word.toUpperCase() + rest, true), word + rest);
    }
  }
});

test('of any scheme: it is accepted exactly where it is https, or written as a domain backwards', () => {
  const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,8}[a-z0-9])?$/);
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 4 }), (labels) => {
      fc.pre(!['http', 'https'].includes(labels.join('.')));
      assert.equal(accepted(`${labels.join('.')}:/return`), labels.length > 1 && /^[a-z]{2,}$/.test(labels[0] ?? ''));
    }),
  );
  for (const scheme of ['.nhf', 'no.', 'no..nhf', '1.nhf', 'n.nhf', '127.0.0.1'])
    assert.ok(!accepted(`${scheme}:/return`), scheme);
});

test('what is no address of an app is not accepted anywhere', () => {
  const addresses = [
    ...[
      '',
      'app.example/return',
      '/return',
      'https://',
      'https://app.example/return#top',
      'https://app.example/return#',
    ],
    ...[
      'https://user:secret@app.example/return',
      'https:app.example',
      ' https://app.example',
      'https://app.example/\n',
    ],
    ...[
      'javascript:alert(1)',
      'data:text/html,x',
      'file:///etc/hosts',
      'blob:https://app.example/1',
      'ws://app.example',
    ],
  ];
  for (const address of addresses) assert.ok(!accepted(address, true), JSON.stringify(address));
});
