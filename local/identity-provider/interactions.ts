import type { IncomingMessage, ServerResponse } from 'node:http';
import { errors, type InteractionResults, type Provider } from 'oidc-provider';
import { HTML_HEADERS } from '../html-page.ts';
import { readForm } from '../read-form.ts';
import type { LocalClient } from './client.ts';
import type { Directory } from './directory.ts';
import { consentPage, loginPage } from './pages.ts';
import type { Person } from './person.ts';
import type { Ways } from './ways.ts';

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/** One visit to the page of a login under way. */
type Visit = { ways: Ways; directory: Directory; client: LocalClient; interaction: Interaction; action: string };

/** What a form brought: an end of the interaction, or a page to show instead. */
type Answer = { result: InteractionResults } | { refusal: string };

/** GET shows the page, POST takes its form: who logs in, or whether data may be shared. */
export async function answerInteraction(
  provider: Provider,
  { ways, directory }: { ways: Ways; directory: Directory },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const interaction = await provider.interactionDetails(request, response);
    const client = directory.clientOf(String(interaction.params.client_id));
    if (client === undefined) throw new errors.InvalidClient('unknown client');
    const visit = { ways, directory, client, interaction, action: request.url ?? '' };
    if (request.method !== 'POST') return void response.writeHead(200, HTML_HEADERS).end(showPage(visit, request));
    const form = await readForm(request);
    const answer = isConsent(interaction) ? readConsent(visit, form) : readLogin(visit, form);
    if ('refusal' in answer) return void response.writeHead(422, TEXT).end(answer.refusal);
    if (!isConsent(interaction)) await leaveSession(provider, interaction, answer.result);
    await provider.interactionFinished(request, response, answer.result, {
      // The answer about consent comes on top of the login, which is not asked again.
      mergeWithLastSubmission: isConsent(interaction),
    });
  } catch (error) {
    // Unknown or finished logins; anything else is a fault of this provider, and is told as one.
    const known = error instanceof errors.OIDCProviderError;
    response.writeHead(known ? 400 : 500, TEXT).end(known ? 'This login is over. Start again.\n' : `${error}\n`);
  }
}

const TEXT = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };

const isConsent = ({ prompt }: Interaction) => prompt.name === 'consent';

function showPage({ ways, directory, client, interaction, action }: Visit, request: IncomingMessage): string {
  const { title } = ways;
  const organization = client.organizationName;
  const person = personOf(directory, interaction);
  if (isConsent(interaction) && person !== undefined) {
    const requested = String(interaction.params.scope).split(' ');
    const scopes = ways.consentScopes.filter((scope) => requested.includes(scope) && ways.grants(person, scope));
    return consentPage({ action, title, organization, person, scopes });
  }
  const chosen = /(?:^|; )sample-person=([a-z0-9-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
  return loginPage({ action, title, organization, persons: directory.personsOf(client), chosen });
}

/** Field `person`, and `decision=decline` to cancel. */
function readLogin({ ways, directory, client }: Visit, form: URLSearchParams): Answer {
  const person = directory.personsOf(client).find(({ id }) => id === form.get('person'));
  if (form.get('decision') === 'decline' || person?.declines === true) {
    return { result: { error: 'access_denied', error_description: ways.cancelled } };
  }
  if (person === undefined) return { refusal: 'No such person here.\n' };
  return { result: { login: { accountId: person.id, remember: false, ...ways.authentication(person) } } };
}

/** Field `answer`: `yes` or `no`. */
function readConsent({ directory, interaction }: Visit, form: URLSearchParams): Answer {
  const answer = form.get('answer');
  if (answer !== 'yes' && answer !== 'no') return { refusal: 'Yes or no?\n' };
  const given = answer === 'yes' && personOf(directory, interaction)?.refusesConsent !== true;
  return { result: { consent: { given } } };
}

function personOf({ persons }: Directory, { session }: Interaction): Person | undefined {
  return persons.find(({ id }) => id === session?.accountId);
}

/** Somebody else logs in at the same browser: whoever was there before is forgotten, without a page in between. */
async function leaveSession(
  provider: Provider,
  interaction: Interaction,
  { login }: InteractionResults,
): Promise<void> {
  const { session } = interaction;
  if (login === undefined || session?.uid === undefined || session.accountId === login.accountId) return;
  await (await provider.Session.findByUid(session.uid))?.destroy();
  Reflect.deleteProperty(session, 'uid');
  await interaction.save(Math.max(1, interaction.exp - Math.floor(Date.now() / 1000)));
}
