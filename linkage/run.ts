import type pg from 'pg';
import { chooseLogins } from './choose-logins.ts';
import { logIn } from './door.ts';
import { type Cause, judge, type Score } from './judge.ts';
import { decideOtherwise } from './others.ts';
import { createWorld } from './world.ts';

export type Options = { members: number; logins: number; seed: number };

export type Result = {
  options: Options;
  /** Logins there could be: everybody old enough who is a member, a stranger, or curious. */
  possible: number;
  sample: number;
  risky: number;
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
  await logIn(pool, url);
  say('compared with the truth');
  await decideOtherwise(pool);
  return { options, ...chosen, ...(await judge(pool)) };
}
