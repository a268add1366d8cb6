import type pg from 'pg';
import { chooseLogins } from './choose-logins.ts';
import { type Cause, judge, type Score } from './judge.ts';
import { decideOtherwise } from './others.ts';
import { recordFirstLogins, recordReturns } from './record-logins.ts';
import { createWorld } from './world.ts';

export type Options = { members: number; logins: number; seed: number };

export type Result = {
  options: Options;
  /** Logins there could be: everybody old enough who is a member, a stranger, or curious. */
  possible: number;
  sample: number;
  risky: number;
  /** The sample's second logins, and the cases that these opened. */
  returns: { logins: number; opened: number };
  scores: Score[];
  causes: Cause[];
};

/**
 * Makes a population in an empty, migrated database, lets its people log in, and compares with the truth.
 *
 * @param pool a superuser's
 * @param url the callback's own connection
 */
export async function measureLinkage(
  { pool, url, say }: { pool: pg.Pool; url: string; say: (line: string) => void },
  options: Options,
): Promise<Result> {
  say(`${options.members} members`);
  await createWorld(pool, options);
  const chosen = await chooseLogins(pool, options);
  say(`${chosen.possible} possible logins; ${chosen.sample} by chance, ${chosen.risky} risky`);
  await recordFirstLogins(pool, url);
  say('compared with the truth');
  await decideOtherwise(pool);
  const judged = await judge(pool);
  say('the sample logs in again');
  return { options, ...chosen, returns: await recordReturns(pool, url), ...judged };
}
