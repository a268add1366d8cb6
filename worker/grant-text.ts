import { stringify } from 'csv-stringify/sync';
import { hideSmallFigures, isSmall, smallest } from '../runtime/small-counts.ts';
import type { GrantReport, GrantRow } from './database-rows.ts';

type Figure = GrantReport['figures'][number];

/** A report as text, the same for the same snapshot. @param forOthers for Bufdir, a county, the public: without small counts */
export function grantText(report: GrantReport, { forOthers }: { forOthers: boolean }): string {
  const { rule } = report;
  const rest = report.counted - report.verified;
  const hidesSplit = forOthers && (isSmall(report.verified) || isSmall(rest));
  const lines = [
    `${report.organization_name}: ${rule.title}`,
    `base year ${report.base_year}, application ${report.application_year}, grant ${report.grant_year}; counted on ${report.counted_on}`,
    `snapshot ${report.snapshot_id} (${report.state})${report.corrects === null ? '' : `, corrects ${report.corrects}`}`,
    `counted ${report.made_at}, last import ${report.imported_at ?? 'none'}`,
    `division ${report.base_year}: ${report.division}`,
    `rule: ${rule.document}`,
    '',
    `members who count        ${report.counted}`,
    `  by a verified number   ${hidesSplit ? `<${smallest}, or all but so many` : report.verified}`,
    `  by name and birth date ${hidesSplit ? '-' : rest}`,
    `counties ${report.counties}, municipalities ${report.municipalities}`,
    `asked for: ${askedFor(rule)}; reached: ${report.meets === null ? '-' : report.meets ? 'yes' : 'no'}`,
    ...(forOthers
      ? []
      : [
          `probably one person (counted each): ${report.probable_duplicates}`,
          `open cases: ${inWords(report.open_cases)}`,
        ]),
    '',
    ...table('county', report, forOthers),
    ...table('municipality', report, forOthers),
    ...table('birth_year', report, forOthers),
    ...table('chapter', report, forOthers),
    ...(forOthers ? [] : [...table('place_problem', report, false), ...table('reason', report, false)]),
    `sha256 ${report.digest}`,
  ];
  return lines.join('\n');
}

function askedFor(rule: GrantReport['rule']): string {
  const parts = [
    [rule.required_members, 'members'],
    [rule.required_counties, 'counties'],
    [rule.required_municipalities, 'municipalities'],
  ].flatMap(([number, what]) => (number === null ? [] : [`${number} ${what}`]));
  return parts.length === 0 ? 'nothing' : parts.join(rule.one_suffices ? ' or ' : ' and ');
}

function inWords(counts: Record<string, number>): string {
  const kinds = Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1));
  return kinds.length === 0 ? 'none' : kinds.map(([kind, count]) => `${kind} ${count}`).join(', ');
}

function table(dimension: Figure['dimension'], { figures }: GrantReport, forOthers: boolean): string[] {
  const rows = figures.filter((figure) => figure.dimension === dimension);
  if (rows.length === 0) return [];
  const shown = forOthers ? hideSmallFigures(figures, dimension) : rows.map((row) => ({ ...row, hidden: false }));
  const heads = { reason: 'not counted', place_problem: 'municipality not known' } as Record<string, string>;
  return [
    `${heads[dimension] ?? dimension.replace('_', ' ')}: counted${forOthers ? '' : ', of which by a verified number'}`,
    ...shown.map(({ key, name, counted, verified, hidden }) => {
      const label = [key === '' ? 'not known' : key, name].filter(Boolean).join(' ');
      return `  ${label.padEnd(36)} ${hidden ? `     <${smallest}` : [counted, ...(forOthers ? [] : [verified])].map((n) => String(n).padStart(7)).join(' ')}`;
    }),
    '',
  ];
}

/** A list as CSV. A spreadsheet would run what begins like a formula, so such a text is marked. */
export function grantCsv(report: GrantReport, what: 'counted' | 'not_counted', rows: GrantRow[]): string {
  const kroner = (amount: number | null) => (amount === null ? '' : (amount / 100).toFixed(2));
  const lines = [
    [
      'snapshot',
      'nr',
      'name',
      'address',
      'county',
      'birth_year',
      'paid_on',
      'amount_kroner',
      ...(what === 'counted' ? [] : ['reason']),
    ],
    ...rows.map((row) => [
      report.snapshot_id,
      row.nth,
      row.erased ? 'erased, was in the count' : (row.name ?? ''),
      row.address ?? '',
      row.county_name ?? '',
      row.birth_year ?? '',
      row.paid_on ?? '',
      kroner(row.amount),
      ...(what === 'counted' ? [] : [row.reason ?? '']),
    ]),
  ];
  return stringify(lines, { escape_formulas: true });
}
