import { formatNumber } from '../bench/report/format.ts';
import { table } from '../bench/report/markdown.ts';
import { type Assumption, LOGIN, PEOPLE, RECORD } from './assumptions.ts';
import type { Fate } from './causes.ts';
import { casesPerLogin, goals, LOGINS_A_YEAR, scoreOf, wrongPerMillion } from './estimate.ts';
import { describe } from './examples.ts';
import type { Cause, Score } from './judge.ts';
import { LANGUAGES } from './names/languages.ts';
import { shareOfAlike } from './names/ranked.ts';
import { HOW, METHODS, type Method } from './others.ts';
import type { Result } from './run.ts';

const ALL = Object.keys(METHODS) as Method[];
const count = (value: number) => value.toLocaleString('en');

/** `docs/linkage.md`, whole: nothing in it is written by hand. */
export function writePage(result: Result, taken: { at: string; commit: string; seconds: number }): string {
  const { options, possible, sample, risky } = result;
  return [
    '# Who is taken for whom',
    `Written by \`npm run linkage -- --members ${options.members} --logins ${options.logins} --seed ${options.seed}\` on ${taken.at}, in ${taken.seconds} s, at commit ${taken.commit}. Everybody in it is invented.`,
    `How often is a login linked to somebody else's record, and how often is a member not found? A program makes ${count(options.members)} member records, with the mistakes that records have, and the people behind them; ${count(possible)} of them might log in. ${count(sample)} of these logins, drawn by chance, went through \`login.record_observation\` in a real PostgreSQL, each the first with its provider, when nothing is linked yet: a known login is found by its link. So that what happens once in a million is seen too, all ${count(risky)} risky logins were tried besides: those where another person's record has the login's number, or two of its phone, e-mail address and birth date.`,
    '## The goals',
    table(
      ['what', 'goal', 'measured', ''],
      goals(result).map(({ what, wanted, measured, met }) => [what, wanted, measured, met ? 'met' : '**not met**']),
    ),
    certainty(result),
    askedWhen(result),
    '## Beside what others do',
    comparison(result),
    '![Wrong links of a million logins](charts/linkage-wrong.svg)',
    '![Members of a hundred logins who are found](charts/linkage-found.svg)',
    ...Object.entries(HOW).map(([method, how]) => `**${METHODS[method as Method]}.** ${how}`),
    '## Why: our rules',
    ...(['wrong', 'asked', 'missed'] as const).flatMap((fate) => section(result, 'ours', fate)),
    '## Why: the others',
    ...(['email', 'first', 'number'] as const).flatMap((method) => section(result, method, 'wrong')),
    '## What is assumed',
    'The figures stand and fall with these rates. Records and logins are wrong in several ways at once where chance has it so.',
    ...Object.entries({ People: PEOPLE, Records: RECORD, Logins: LOGIN }).flatMap(([title, rates]) => [
      `### ${title}`,
      assumptions(rates),
    ]),
    '### Names',
    names(),
    '',
  ].join('\n\n');
}

function certainty(result: Result): string {
  const ordinary = scoreOf(result, 'ours', 'ordinary');
  const { atMost } = wrongPerMillion(result, 'ours');
  return `Among the ${count(result.risky)} risky logins, all there are, ${scoreOf(result, 'ours', 'risky').wrong} links were wrong; among the ${count(ordinary.logins)} others of the sample, ${ordinary.wrong}. From the sample alone nobody could say better than ${formatNumber(atMost)} in 1,000,000 (95 %); but a login that is not risky shares less with anybody else's record than any of our rules asks for.`;
}

/** @returns when coordinators are asked: nearly always at a first login */
function askedWhen(result: Result): string {
  const { first, later, year, metAfter } = casesPerLogin(result);
  const { logins, opened } = result.returns;
  return `A coordinator is asked nearly always at a first login: ${percent(first, 1)} of these bring a case. All ${count(logins)} logins of the sample came again, with nothing settled meanwhile, and opened ${count(opened)} new cases (${percent(later, 1)}). If every member logs in ${LOGINS_A_YEAR} times in the first year (an assumption), that is ${percent(year, 1)} of the logins; ${Number.isFinite(metAfter) && later < 1 / 200 ? `the goal is met from ${metAfter} logins of each member on` : 'the goal is not met however often they come'}.`;
}

const percent = (part: number, whole: number) => `${((100 * part) / whole).toFixed(2)} %`;

/** The lines of the comparison, each with what it says of a method's sample. */
const COMPARED: [what: string, cell: (score: Score, result: Result) => string][] = [
  ['members linked to their own record', ({ right, logins }) => percent(right, logins)],
  ['**linked to somebody else’s**', ({ wrong, logins }) => `**${percent(wrong, logins)}**`],
  ['of these, name and birth date disagree', (score) => count(score.wrongAgainstNameAndBirthDate)],
  ['members not linked', ({ missed, logins }) => percent(missed, logins)],
  ['others refused', ({ refused, logins }) => percent(refused, logins)],
  ['a coordinator is asked', ({ method, asked, logins }) => (method === 'ours' ? percent(asked, logins) : 'never')],
  ['wrong links of 1,000,000 logins', ({ method }, result) => formatNumber(wrongPerMillion(result, method).figure)],
];

function comparison(result: Result): string {
  const scores = ALL.map((method) => scoreOf(result, method, 'sample'));
  return table(
    ['of the sample', ...ALL.map((method) => METHODS[method])],
    COMPARED.map(([what, cell]) => [what, ...scores.map((score) => cell(score, result))]),
  );
}

const TITLES: Record<Fate, string> = {
  wrong: 'Wrong links',
  asked: 'Cases for a coordinator (most of them are missed links until they are settled)',
  missed: 'Missed links that nobody is asked about',
};

function section(result: Result, method: Method, fate: Fate): string[] {
  const causes = result.causes.filter((cause) => cause.method === method && cause.fate === fate);
  const title = `### ${TITLES[fate]}${method === 'ours' ? '' : `: ${METHODS[method]}`}`;
  if (causes.length === 0) return [title, 'None.'];
  return [
    title,
    table(['cause', 'of the sample', 'of the risky', 'the first such login', 'the record'], causes.map(row)),
  ];
}

function row({ cause, sample, risky, example }: Cause): string[] {
  const { login, record } = describe(example);
  return [cause, count(sample), count(risky), login, record];
}

function assumptions(rates: Record<string, Assumption>): string {
  return table(
    ['of', 'rate', 'why'],
    Object.values(rates).map(({ of, rate, why }) => [of, `${formatRate(rate)} %`, why]),
  );
}

const formatRate = (rate: number) => Number((100 * rate).toPrecision(3));

function names(): string {
  const perThousand = (value: number) => (1000 * value).toFixed(1);
  return [
    'How often a name comes falls with its rank r as 1 / (r + c) (Zipf-Mandelbrot). The order of the Norwegian names is that of Statistics Norway as commonly known; `@faker-js/faker` gives the lists of six other languages, without frequencies, so which of them are frequent is drawn; lists of ours, with the spellings each name has, serve for Arabic, Somali and Urdu. Pairs of people with the same name, of 1,000 pairs:',
    table(
      ['language', 'people of 100', 'surnames', 'same surname', 'same given name (two women)'],
      LANGUAGES.map((l) => [
        l.name,
        String(l.share),
        count(l.family.names.length),
        perThousand(shareOfAlike(l.family)),
        perThousand(shareOfAlike(l.given.female)),
      ]),
    ),
  ].join('\n\n');
}
