import type pg from 'pg';
import type { StackFile } from '../stack/stack-file.ts';

/**
 * Lets somebody who has logged in with Vipps take back consent there.
 *
 * @returns what the webhook answered and what the audit trail says, in one line
 */
export async function showWithdrawal(stack: StackFile, client: pg.Client, person: string): Promise<string> {
  const response = await fetch(stack.withdrawalUrl, { method: 'POST', body: new URLSearchParams({ person }) });
  const answer = /answered <code>([^<]*)</.exec(await response.text())?.[1] ?? `nothing: ${response.status}`;
  const { rows } = await client.query<{ message: string }>(
    `select message from audit.events where event in ('revocation_received', 'consent_withdrawn') order by id desc limit 1`,
  );
  return `${person} withdraws consent at Vipps: the webhook answers ${answer}; audit: ${rows[0]?.message ?? 'nothing'}`;
}
