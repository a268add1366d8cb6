import assert from 'node:assert/strict';
import { test } from 'vitest';
import { isReturnAddress } from '../../../auth-callback/login/return-address.ts';

const accepted = (address: string, allowsPlainHttp = false) => isReturnAddress(address, allowsPlainHttp);

test('https and the schemes of apps are accepted', () => {
  for (const address of ['https://app.example/return', 'https://app.example/return?from=login', 'no.nhf.app:/return']) {
    assert.ok(accepted(address), address);
  }
  assert.ok(accepted('nhf://return'));
});

test('http is accepted in a local deployment only: the code would travel in clear', () => {
  assert.ok(!accepted('http://app.example/return'));
  assert.ok(accepted('http://127.0.0.1:4300/return', true));
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
