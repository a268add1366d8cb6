import type { Part } from './causes.ts';
import type { Score } from './judge.ts';
import type { Method } from './others.ts';
import type { Result } from './run.ts';

export function scoreOf({ scores }: Pick<Result, 'scores'>, method: Method, part: Part): Score {
  const found = scores.find((score) => score.method === method && score.part === part);
  const none = { logins: 0, right: 0, wrong: 0, missed: 0, refused: 0, wrongAgainstNameAndBirthDate: 0, asked: 0 };
  return found ?? { method, part, ...none };
}

/**
 * Wrong links of a million logins: the risky logins were all tried, so theirs are counted; of the others the sample's share is taken.
 *
 * @returns the figure, and the most it could be, with 95 % confidence, for what the sample did not show
 */
export function wrongPerMillion(result: Result, method: Method): { figure: number; atMost: number } {
  const [risky, ordinary] = [scoreOf(result, method, 'risky'), scoreOf(result, method, 'ordinary')];
  const rest = (result.possible - result.risky) / result.possible;
  const counted = risky.wrong / result.possible;
  const share = ordinary.logins === 0 ? 0 : ordinary.wrong / ordinary.logins;
  // Poisson: three where none was seen (the "rule of three"), else the count and twice its spread.
  const most = ordinary.wrong === 0 ? 3 : ordinary.wrong + 2 * Math.sqrt(ordinary.wrong);
  const shareAtMost = ordinary.logins === 0 ? 1 : most / ordinary.logins;
  return { figure: (counted + rest * share) * 1e6, atMost: (counted + rest * shareAtMost) * 1e6 };
}

/** How often a member logs in a year: an assumption; a member's page, a course, a renewal of the membership now and then. */
export const LOGINS_A_YEAR = 12;
/** The goal: one of so many logins may bring a case. */
const LOGINS_PER_CASE = 200;

/**
 * How often a coordinator is asked. The first login with a provider has nothing but the record to go by; later ones are found by their
 * link, or say again what a case says already.
 *
 * @returns shares of the logins: first ones, later ones, and all of a member's first year; and how many logins of each member it takes
 * until the goal is met
 */
export function casesPerLogin(result: Result): { first: number; later: number; year: number; metAfter: number } {
  const sample = scoreOf(result, 'ours', 'sample');
  const first = sample.asked / sample.logins;
  const later = result.returns.opened / result.returns.logins;
  return {
    first,
    later,
    year: (first + (LOGINS_A_YEAR - 1) * later) / LOGINS_A_YEAR,
    metAfter: Math.max(1, Math.ceil((first - later) / (1 / LOGINS_PER_CASE - later))),
  };
}

const oneOf = (share: number) => (share === 0 ? 'none' : `1 of ${Math.round(1 / share)}`);

/** @returns the goals, with what was measured; `met` is whether the figure reaches it */
export function goals(result: Result): { what: string; wanted: string; measured: string; met: boolean }[] {
  const { figure } = wrongPerMillion(result, 'ours');
  const [sample, risky] = [scoreOf(result, 'ours', 'sample'), scoreOf(result, 'ours', 'risky')];
  const against = sample.wrongAgainstNameAndBirthDate + risky.wrongAgainstNameAndBirthDate;
  const { year } = casesPerLogin(result);
  return [
    { what: 'wrong links in 1,000,000 logins', wanted: 'at most 1', measured: figure.toFixed(1), met: figure <= 1 },
    {
      what: 'wrong links where name and birth date disagreed, in the sample and among all risky logins',
      wanted: 'none',
      measured: String(against),
      met: against === 0,
    },
    {
      what: `logins of a member's first year that bring a case to a coordinator, at ${LOGINS_A_YEAR} logins a year`,
      wanted: `at most ${oneOf(1 / LOGINS_PER_CASE)}`,
      measured: oneOf(year),
      met: year <= 1 / LOGINS_PER_CASE,
    },
  ];
}
