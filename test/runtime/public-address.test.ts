import assert from 'node:assert/strict';
import { test } from 'vitest';
import { isPublicAddress, lookupPublicAddress } from '../../runtime/public-address.ts';

test('an address is public only when the internet routes it', () => {
  for (const address of [
    '1.1.1.1',
    '8.8.8.8',
    '172.32.0.1',
    '100.128.0.1',
    '192.169.0.1',
    '2606:4700::1111',
    '2a00:1::1',
  ]) {
    assert.equal(isPublicAddress(address), true, address);
  }
  const refused =
    '0.0.0.0 0.1.2.3 10.255.255.255 100.64.0.1 100.127.255.255 127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255 ' +
    '192.0.0.8 192.0.2.1 192.168.255.255 198.19.0.1 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255 ' +
    ':: ::1 ::ffff:10.0.0.1 ::ffff:8.8.8.8 64:ff9b::a00:1 100::1 fc00::1 fd00::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1 ' +
    '2001:db8::1 2001::1 2002:a00:1:: 3fff::1 5f00::1 localhost 1.2.3';
  for (const address of refused.split(' ')) assert.equal(isPublicAddress(address), false, address);
});

test('a name whose addresses are all public is connected to at just these', async () => {
  const look = (all: boolean) =>
    new Promise((resolve) => lookupPublicAddress('1.1.1.1', { all }, (...answer) => resolve(answer)));
  assert.deepEqual(await look(true), [null, [{ address: '1.1.1.1', family: 4 }]]);
  assert.deepEqual(await look(false), [null, '1.1.1.1', 4]);
});

test('a name that leads to this machine is refused by the lookup itself', async () => {
  for (const all of [true, false]) {
    const error = await new Promise((resolve) => lookupPublicAddress('localhost', { all }, resolve));
    assert.equal((error as { code?: string }).code, 'address_refused');
  }
});
