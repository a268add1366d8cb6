import assert from 'node:assert/strict';
import { test } from 'vitest';
import { readStaffEmail } from '../../../auth-callback/claims/staff-email.ts';
import { inCase } from '../../support/in-case.ts';

const entra = 'https://login.microsoftonline.com/tenant/v2.0';
const keycloak = 'https://keycloak.example/realms/staff';
const email = 'kari@nhf.example';

test('the address of a staff login counts as verified where the answer that brings it says so', async () => {
  type Claims = Record<string, unknown>;
  const table: [name: string, issuer: string, sources: Claims[], email: string | undefined, verified: boolean][] = [
    ['by the standard claim, in the ID token', keycloak, [{ email, email_verified: true }], email, true],
    ['in userinfo', keycloak, [{ email, email_verified: true }, { sub: 'x' }], email, true],
    ['a string is no proof', keycloak, [{ email, email_verified: 'true' }], email, false],
    ['nothing is said', keycloak, [{ email }], email, false],
    ['Entra ID, a domain of the tenant', entra, [{ email, xms_edov: true }], email, true],
    ['as a number', entra, [{ email, xms_edov: 1 }], email, true],
    ['as a text', entra, [{ email, xms_edov: '1' }], email, true],
    ['another domain', entra, [{ email, xms_edov: false }], email, false],
    ['another issuer says so', keycloak, [{ email, xms_edov: true }], email, false],
    ['userinfo without it, the ID token with it', entra, [{ email }, { email, xms_edov: true }], email, true],
    [
      'the flag of one answer says nothing about the address of another',
      entra,
      [{ email: 'ceo@nhf.example' }, { xms_edov: true, email_verified: true }],
      'ceo@nhf.example',
      false,
    ],
    [
      'two addresses: the one that is vouched for',
      keycloak,
      [
        { email: 'ceo@nhf.example', email_verified: false },
        { email, email_verified: true },
      ],
      email,
      true,
    ],
    ['what is no address', keycloak, [{ email: 'kari', email_verified: true }], undefined, false],
    ['none', keycloak, [{}], undefined, false],
  ];
  for (const [name, issuer, sources, expected, emailVerified] of table)
    await inCase(name, async () =>
      assert.deepEqual(readStaffEmail(issuer, sources), { email: expected, emailVerified }),
    );
});
