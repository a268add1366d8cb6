import type pg from 'pg';
import { logIn, type ScriptedLogin } from '../scripted-login.ts';
import { withClient } from '../stack/database.ts';
import type { StackFile } from '../stack/stack-file.ts';
import { describeMemberSystem, setMemberSystemMode, untilPushesSettle } from './member-systems.ts';

/** One login and everything that came of it. */
export type DemoRow = {
  person: string;
  organization: string;
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

/** In this organisation the member system is down while people log in; nobody there may notice. */
const DOWN = 'hlf';

/** Logs every sample person in, one after the other, and looks at what each login left behind. */
export async function runDemo(stack: StackFile): Promise<DemoRow[]> {
  return withClient(stack.databaseUrl, async (client) => {
    await setMemberSystemMode(stack, DOWN, 'down');
    const rows: DemoRow[] = [];
    for (const person of stack.persons) rows.push(await showLogin(stack, client, person));
    await setMemberSystemMode(stack, DOWN, 'ok');
    await untilPushesSettle(client);
    for (const row of rows) row.memberSystem = await describeMemberSystem(stack, client, row);
    return rows;
  });
}

async function showLogin(stack: StackFile, client: pg.Client, person: StackFile['persons'][number]): Promise<DemoRow> {
  const { organization, provider } = person;
  const returnTo = stack.organizations.find(({ slug }) => slug === organization)?.returnTo ?? '';
  const before = await newestObservation(client);
  const began = performance.now();
  const app = await describeLogin({
    callbackUrl: stack.callbackUrl,
    organization,
    provider,
    returnTo,
    person: person.id,
  });
  const milliseconds = Math.round(performance.now() - began);
  const observation = await newestObservation(client);
  const seen = observation === undefined || observation.id === before?.id ? 'nothing' : observation.outcome;
  return {
    person: person.id,
    organization,
    expected: person.expected,
    seen,
    asExpected: seen === person.expected,
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
