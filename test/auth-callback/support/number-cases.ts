import { json, type Person, type Respond } from './provider.ts';
import { number, samplePerson, type WorldOptions } from './world.ts';

export const other = '17858433347';
const inToken: WorldOptions = { providerRow: { personnummer_from: 'id_token', scopes: ['openid'] } };

/** What a provider says of a person's number, and what is kept of it. */
export type NumberCase = {
  name: string;
  options?: WorldOptions;
  person: Person;
  respond?: Respond;
  /** Expected: reason and inconsistency, or undefined where the number was taken. */
  absent?: [string, string | null];
  logs?: string;
};

export const person = (userinfo: Record<string, unknown>, idToken: Record<string, unknown> = {}): Person => ({
  ...samplePerson(userinfo),
  idToken,
});
const malformed = (name: string, nin: unknown): NumberCase => ({
  name,
  person: person({ nin }),
  absent: ['malformed', null],
  logs: 'personnummer_malformed',
});

export const numberCases: NumberCase[] = [
  { name: 'in userinfo', person: person({}) },
  {
    name: 'in the ID token, where the row says so',
    options: inToken,
    person: person({ nin: undefined }, { nin: number }),
  },
  { name: 'the same in both places', person: person({}, { nin: number }) },
  { name: 'not given', person: person({ nin: undefined }), absent: ['not_given', null] },
  { name: 'null', person: person({ nin: null }), absent: ['not_given', null] },
  {
    name: 'in another place than the row says',
    person: person({ nin: undefined }, { nin: number }),
    absent: ['not_given', null],
  },
  {
    name: 'under another claim than the row says',
    person: person({ nin: undefined, pid: number, nnin: number }),
    absent: ['not_given', null],
  },
  malformed('a number instead of a string', 8837220093),
  malformed('ten digits', number.slice(0, 10)),
  malformed('twelve digits', `${number}0`),
  malformed('with a space', `${number.slice(0, 6)} ${number.slice(6)}`),
  malformed('with a line feed', `${number}\n`),
  malformed('full-width digits', '０８８３７２２００９３'),
  malformed('a wrong control digit', `${number.slice(0, 10)}4`),
  malformed('an array', [number]),
  malformed('an object', { nin: number }),
  malformed('true', true),
  malformed('a very long string', '1'.repeat(500_000)),
  malformed('empty', ''),
  { name: 'an H-number', person: person({ nin: '12429431083' }), absent: ['not_accepted', null] },
  {
    name: 'capture off',
    options: { organization: { capture: false, capture_basis: null } },
    person: person({}),
    absent: ['capture_off', null],
  },
  {
    name: 'different in the two places',
    person: person({}, { nin: other }),
    absent: ['inconsistent', 'numbers_differ'],
    logs: 'provider_inconsistent',
  },
  {
    name: 'different in the two places, the ID token being the place',
    options: { providerRow: { personnummer_from: 'id_token' } },
    person: person({ nin: other }, { nin: number }),
    absent: ['inconsistent', 'numbers_differ'],
  },
  {
    name: 'userinfo of another subject',
    person: person({ sub: 'somebody-else' }),
    absent: ['inconsistent', 'subject_differs'],
    logs: 'provider_inconsistent',
  },
  {
    name: 'a number in the ID token, and userinfo of another subject',
    options: { providerRow: { personnummer_from: 'id_token' } },
    person: person({ sub: 'somebody-else' }, { nin: number }),
    absent: ['inconsistent', 'subject_differs'],
  },
  ...(['introspection', 'tokeninfo'] as const).map(
    (place): NumberCase => ({
      name: `where ${place} would have to be asked`,
      options: { providerRow: { personnummer_from: place } },
      person: person({}, { nin: number }),
      absent: ['not_given', null],
    }),
  ),
  ...(['own', 'provider'] as const).map(
    (mode): NumberCase => ({
      name: `where consent is asked for by: ${mode}`,
      options: { providerRow: { consent_mode: mode, consent_scope: 'nnin' } },
      person: person({}),
      absent: ['not_consented', null],
    }),
  ),
  ...userinfoFailures(),
];

function userinfoFailures(): NumberCase[] {
  const failures: [string, Respond][] = [
    ['500', (_, response) => void response.writeHead(500).end('oops')],
    ['401', (_, response) => void response.writeHead(401, { 'www-authenticate': 'Bearer error="x"' }).end()],
    ['HTML', (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
    ['broken JSON', (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{')],
    ['an array', (_, response) => json(response, 200, [])],
    ['no sub', (_, response) => json(response, 200, { nin: number })],
    ['a broken connection', (_, response) => void response.destroy()],
    ['a redirect', (_, response) => void response.writeHead(302, { location: '/access/elsewhere' }).end()],
    ['silence', () => undefined],
    [
      'an unsigned JWT',
      (_, response) => {
        const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
        const jwt = `${part({ alg: 'none' })}.${part({ sub: samplePerson().sub, nin: number })}.`;
        response.writeHead(200, { 'content-type': 'application/jwt' }).end(jwt);
      },
    ],
  ];
  return failures.map(([name, respond]) => ({
    name: `userinfo answers with ${name}`,
    person: person({}),
    respond,
    absent: ['not_given', null],
    logs: 'userinfo_unavailable',
  }));
}
