import { parseArgs } from 'node:util';
import { syntheticNumbers } from './rows/member-file.ts';

/**
 * What an invoice service can take, from a client that does nothing but ask it: an issue-token by number, and the invoice. No database, no
 * sealed number, no audit. `bench/invoice-client.ts URL ORGANIZATION_NUMBER CLIENT_ID SECRET ROUND COUNT CONCURRENCY`
 */
const { positionals } = parseArgs({ allowPositionals: true });
const [url = '', organizationNumber = '', clientId = '', secret = '', round = ''] = positionals;
const [count, concurrency] = [Number(positionals[5]), Number(positionals[6])];

async function send(method: 'POST' | 'PUT', path: string, headers: Record<string, string>, body: object) {
  const text = JSON.stringify(body);
  const sent = { 'content-type': 'application/json', ...headers };
  const response = await fetch(`${url}${path}`, { method, headers: sent, body: text });
  if (!response.ok) throw new Error(`the invoice service answers ${response.status}`);
  return (await response.json()) as Record<string, string>;
}

const { access_token: accessToken } = await send(
  'POST',
  '/accesstoken/get',
  { client_id: clientId, client_secret: secret },
  {},
);
const authorization = `VippsAccessToken ${accessToken}`;
const numbers = syntheticNumbers();
let next = 1;

async function issueOne(): Promise<void> {
  while (next <= count) {
    const nth = next;
    next += 1;
    const { issueToken = '' } = await send(
      'POST',
      '/v2/recipients/token/unique',
      { authorization },
      {
        recipientIdentifierType: 'NorwegianNIN',
        recipientIdentifierValue: numbers.next().value?.personnummer,
        issuerIdentifierType: 'NorwegianOrganizationNumber',
        issuerIdentifierValue: organizationNumber,
      },
    );
    await send(
      'PUT',
      `/v2/invoices/orgno-no.${organizationNumber}.${round}-${nth}`,
      { authorization, 'issue-token': issueToken, 'idempotency-key': `${round}-${nth}` },
      { invoiceType: 'invoice', amount: 45_000, subject: 'Medlemskontingent' },
    );
  }
}

await Promise.all(Array.from({ length: concurrency }, issueOne));
