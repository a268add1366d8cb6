import type { Figures } from '../../api/figures.ts';
import type { Format } from '../../words/format.ts';
import { type ChartName, qualityWords, type Series } from '../../words/quality.ts';
import type { Picture } from '../chart-picture.ts';
import type { Page } from '../page.ts';

/** The figures of one picture, as the picture, its table and its file tell them. */
export interface Chart extends Picture {
  name: ChartName;
  /** What the rows are: months, or classes of age. */
  rowHead: string;
}

const monthly: Record<Exclude<ChartName, 'ages'>, Series[]> = {
  members: ['members_with_number'],
  outcomes: ['filled', 'confirmed', 'conflict', 'duplicate', 'absent', 'unlinked', 'ambiguous', 'name_mismatch'],
  cases: ['cases_opened', 'cases_settled'],
  deliveries: ['deliveries_done', 'deliveries_failed'],
};
const ages = ['day', 'week', 'month', 'quarter', 'longer'] as const;

/** In the order of the page. */
export function chartsOf(page: Page, figures: Figures): Chart[] {
  return [
    ofMonths(page, figures, 'members'),
    ofMonths(page, figures, 'outcomes'),
    ofMonths(page, figures, 'cases'),
    ofAges(page, figures),
    ofMonths(page, figures, 'deliveries'),
  ];
}

function ofMonths({ locale, format }: Page, figures: Figures, name: Exclude<ChartName, 'ages'>): Chart {
  const words = qualityWords[locale];
  const rows = figures.monthly.map(({ month }) => ({ label: format.month(month), short: format.shortMonth(month) }));
  const series = monthly[name].map((key) => ({
    label: words.series[key],
    values: figures.monthly.map((month) => month[key]),
  }));
  const description = series.map(({ label, values }) => inWords(words, format, label, values, rows)).join(' ');
  return { name, title: words.charts[name], rowHead: words.month, series, rows, description };
}

function ofAges({ locale, format }: Page, figures: Figures): Chart {
  const words = qualityWords[locale];
  const values = ages.map((age) => figures.ages.find((row) => row.age === age)?.cases ?? 0);
  const rows = ages.map((age) => ({ label: words.ages[age], short: words.ages[age] }));
  const parts = rows.map(({ label }, nth) => `${label} ${format.number(values[nth] ?? 0)}`).join(', ');
  return {
    name: 'ages',
    title: words.charts.ages,
    rowHead: words.age,
    series: [{ label: words.cases, values }],
    rows,
    description: words.list(words.cases, parts),
  };
}

/** How it began, how it stands, and when it was most. */
function inWords(
  words: (typeof qualityWords)['nb'],
  format: Format,
  label: string,
  values: (number | null)[],
  rows: Chart['rows'],
): string {
  const counted = values.flatMap((value, nth) => (value === null ? [] : [{ value, at: rows[nth]?.label ?? '' }]));
  const [first] = counted;
  const last = counted.at(-1);
  if (first === undefined || last === undefined) return words.list(label, words.notCounted);
  if (counted.length === 1) return words.one(label, format.number(first.value), first.at);
  const most = counted.reduce((best, each) => (each.value > best.value ? each : best));
  const told = (value: number) => format.number(value);
  return words.fromTo(label, told(first.value), first.at, told(last.value), last.at, told(most.value), most.at);
}
