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

/** @returns the goals, with what was measured; `met` is whether the figure reaches it */
export function goals(result: Result): { what: string; wanted: string; measured: string; met: boolean }[] {
  const { figure } = wrongPerMillion(result, 'ours');
  const [sample, risky] = [scoreOf(result, 'ours', 'sample'), scoreOf(result, 'ours', 'risky')];
  const against = sample.wrongAgainstNameAndBirthDate + risky.wrongAgainstNameAndBirthDate;
  const asked = sample.asked / sample.logins;
  return [
    { what: 'wrong links in 1,000,000 logins', wanted: 'at most 1', measured: figure.toFixed(1), met: figure <= 1 },
    {
      what: 'wrong links where name and birth date disagreed, in the sample and among all risky logins',
      wanted: 'none',
      measured: String(against),
      met: against === 0,
    },
    {
      what: 'logins that bring a case to a coordinator',
      wanted: 'at most 1 of 200',
      measured: asked === 0 ? 'none' : `1 of ${Math.round(1 / asked)}`,
      met: asked <= 1 / 200,
    },
  ];
}
