import type { IncomingMessage, ServerResponse } from 'node:http';
import { errors, type InteractionResults, type Provider } from 'oidc-provider';
import { loginPage } from './login-page.ts';
import type { Person } from './person.ts';
import type { SalesUnit } from './vipps.ts';

type Directory = { units: readonly SalesUnit[]; persons: readonly Person[] };

/** GET shows who may log in, POST takes the form: field `person`, and `decision=decline` to cancel. */
export async function answerLogin(
  provider: Provider,
  { units, persons }: Directory,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const { params } = await provider.interactionDetails(request, response);
    const organization = units.find(({ clientId }) => clientId === params.client_id)?.organization ?? '';
    const listed = persons.filter((person) => person.organization === organization);
    if (request.method !== 'POST') {
      const chosen = /(?:^|; )sample-person=([a-z0-9-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
      const page = loginPage({ action: request.url ?? '', client: organization, persons: listed, chosen });
      return void response.writeHead(200, HTML).end(page);
    }
    const form = await readForm(request);
    const person = listed.find(({ id }) => id === form.get('person'));
    const declined = form.get('decision') === 'decline' || person?.declines === true;
    if (!declined && person === undefined) return void response.writeHead(422, TEXT).end('No such person here.\n');
    const result: InteractionResults = declined
      ? { error: 'access_denied', error_description: 'User cancelled the login' }
      : { login: { accountId: person?.id ?? '', remember: false } };
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  } catch (error) {
    // Unknown or finished logins; anything else is a fault of this provider, and is told as one.
    const known = error instanceof errors.OIDCProviderError;
    response.writeHead(known ? 400 : 500, TEXT).end(known ? 'This login is over. Start again.\n' : `${error}\n`);
  }
}

const HTML = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' };
const TEXT = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > 10_000) break;
  }
  return new URLSearchParams(text);
}
