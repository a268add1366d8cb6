import type pg from 'pg';
import type { Mode } from '../member-system/modes.ts';
import type { StackFile } from '../stack/stack-file.ts';
import { untilNone } from './until-none.ts';

/** Makes an organisation's member system behave, or misbehave. */
export async function setMemberSystemMode(stack: StackFile, organization: string, mode: Mode): Promise<void> {
  const response = await fetch(`${addressOf(stack, organization)}/control`, {
    method: 'POST',
    body: JSON.stringify({ mode }),
  });
  if (!response.ok) throw new Error(`the member system of ${organization} answers ${response.status}`);
}

/** Waits until no push is on its way any more. Throws when that takes longer than a minute. */
export function untilPushesSettle(client: pg.Client): Promise<void> {
  return untilNone(client, 'select from sync.pushes where settled_at is null limit 1', 'pushes are still on their way');
}

/** Waits until every push has been tried at least once. Throws when that takes longer than a minute. */
export function untilPushesAreTried(client: pg.Client): Promise<void> {
  const untried = `select from sync.pushes where settled_at is null and (attempts = 0 or state = 'sending') limit 1`;
  return untilNone(client, untried, 'pushes are still untried');
}

/** What the member system holds for the member a login belongs to, and how many attempts that took. */
export async function describeMemberSystem(
  stack: StackFile,
  client: pg.Client,
  login: { organization: string; observation: string | undefined },
): Promise<string> {
  const { rows } = await client.query<{ external_id: string; attempts: number | null }>(
    `select m.external_id, p.attempts
       from registry.observations o
       join registry.members m on m.id = o.member_id
       left join sync.pushes p on p.observation_id = o.id
      where o.id = $1`,
    [login.observation],
  );
  const [member] = rows;
  if (member === undefined) return '-';
  const held = await lookUp(`${addressOf(stack, login.organization)}/members/${member.external_id}`);
  if (held === undefined) return `${member.external_id}: nothing new`;
  const attempts = member.attempts === 1 ? '' : ` (attempt ${member.attempts})`;
  return `${member.external_id}: ${held}${attempts}`;
}

async function lookUp(url: string): Promise<string | undefined> {
  const response = await fetch(url);
  if (response.status === 404) return undefined;
  const { personnummer } = (await response.json()) as { personnummer: string };
  return `${personnummer.slice(0, 6)}*****`;
}

function addressOf(stack: StackFile, organization: string): string {
  const found = stack.organizations.find(({ slug }) => slug === organization);
  if (found === undefined) throw new Error(`no organisation ${organization}`);
  return found.memberSystemUrl;
}
