import type pg from 'pg';
import { logIn, type ScriptedLogin } from '../scripted-login.ts';
import { withClient } from '../stack/database.ts';
import type { StackFile, StackPerson } from '../stack/stack-file.ts';
import { type InvoiceRow, showInvoices } from './invoices.ts';
import { describeMemberSystem, setMemberSystemMode, untilPushesAreTried, untilPushesSettle } from './member-systems.ts';

/** One login and everything that came of it. */
export type DemoRow = {
  person: string;
  organization: string;
  provider: string;
  expected: string;
  seen: string;
  asExpected: boolean;
  /** The whole login: start, provider, callback, token. */
  milliseconds: number;
  /** What the app got. */
  app: string;
  /** What the member system holds for the person's record, masked. */
  memberSystem: string;
  /** What the audit trail says, in its own words. */
  audit: string;
  /** Id of the observation. */
  observation: string | undefined;
};

/** Somebody who logs in. */
type Visitor = Pick<StackPerson, 'id' | 'organization' | 'provider' | 'consent'> & { expected: string };

/** While these log in, their member system is down; nobody may notice. */
const isInOutage = ({ organization, provider }: Visitor) => organization === 'hlf' && provider === 'vipps';

/** Takes back consent after having logged in with Vipps. */
const WITHDRAWS = 'nhf-filled';

export type Demo = { rows: DemoRow[]; invoices: InvoiceRow[]; withdrawal: string };

/** Logs every sample person in, one after the other, and looks at what each login left behind; then at what became of the sample invoices. */
export async function runDemo(stack: StackFile): Promise<Demo> {
  return withClient(stack.databaseUrl, async (client) => {
    const visitors: Visitor[] = [
      ...stack.persons,
      ...stack.refusedPersons.map((person) => ({ ...person, expected: 'refused' })),
    ];
    const rows: DemoRow[] = [];
    let down = false;
    for (const visitor of visitors) {
      if (isInOutage(visitor) !== down) {
        down = !down;
        await setMemberSystem(stack, client, visitor.organization, down);
      }
      rows.push(await showLogin(stack, client, visitor));
    }
    await untilPushesSettle(client);
    for (const row of rows) row.memberSystem = await describeMemberSystem(stack, client, row);
    const withdrawal = await showWithdrawal(stack, client, WITHDRAWS);
    return { rows, invoices: await showInvoices(stack, client), withdrawal };
  });
}

/** Before it comes up again, every push has been refused once, so that one sees it tried again. */
async function setMemberSystem(stack: StackFile, client: pg.Client, organization: string, down: boolean) {
  if (!down) await untilPushesAreTried(client);
  await setMemberSystemMode(stack, organization, down ? 'down' : 'ok');
}

async function showLogin(stack: StackFile, client: pg.Client, person: Visitor): Promise<DemoRow> {
  const { id, organization, provider, consent, expected } = person;
  const returnTo = stack.organizations.find(({ slug }) => slug === organization)?.returnTo ?? '';
  const before = await newestObservation(client);
  const began = performance.now();
  const { callbackUrl } = stack;
  const app = await describeLogin({ callbackUrl, organization, provider, returnTo, person: id, consent });
  const milliseconds = Math.round(performance.now() - began);
  const newest = await newestObservation(client);
  const observation = newest?.id === before?.id ? undefined : newest;
  const seen = observation?.outcome ?? (app === 'login_failed' ? 'refused' : 'nothing');
  return {
    person: id,
    organization,
    provider,
    expected,
    seen,
    asExpected: seen === expected,
    milliseconds,
    app,
    memberSystem: '',
    audit: observation === undefined ? '' : await auditSentence(client, observation.id, observation.outcome),
    observation: observation?.id,
  };
}

/** A login that breaks off is a row like any other: one wants to see all of them. */
async function describeLogin(login: ScriptedLogin): Promise<string> {
  try {
    const result = await logIn(login);
    return result.status === 'logged_in' ? 'logged in' : result.error;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function newestObservation(client: pg.Client) {
  const { rows } = await client.query<{ id: string; outcome: string }>(
    'select id, outcome from registry.observations order by received_at desc limit 1',
  );
  return rows[0];
}

async function auditSentence(client: pg.Client, observationId: string, outcome: string): Promise<string> {
  const { rows } = await client.query<{ message: string }>(
    'select message from audit.events where observation_id = $1 order by (event = $2) desc, id limit 1',
    [observationId, outcome],
  );
  return rows[0]?.message ?? 'no audit event';
}

/**
 * Lets somebody who has logged in with Vipps take back consent there.
 *
 * @returns what the webhook answered and what the audit trail says, in one line
 */
async function showWithdrawal(stack: StackFile, client: pg.Client, person: string): Promise<string> {
  const response = await fetch(stack.withdrawalUrl, { method: 'POST', body: new URLSearchParams({ person }) });
  const answer = /answered <code>([^<]*)</.exec(await response.text())?.[1] ?? `nothing: ${response.status}`;
  const { rows } = await client.query<{ message: string }>(
    `select message from audit.events where event in ('revocation_received', 'consent_withdrawn') order by id desc limit 1`,
  );
  return `${person} withdraws consent at Vipps: the webhook answers ${answer}; audit: ${rows[0]?.message ?? 'nothing'}`;
}
