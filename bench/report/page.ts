import type { Row } from '../row.ts';
import { formatBar, formatNumber, formatSpread } from './format.ts';
import { table } from './markdown.ts';
import type { Result } from './result.ts';

/** `docs/performance.md`, whole: nothing in it is written by hand, so that it never says anything else than the figures. */
export function writePage(result: Result): string {
  const { machine, rows, series, settings } = result;
  return [
    '# Performance',
    `Written by \`npm run bench\` on ${result.takenAt.slice(0, 10)}, in ${result.seconds} s, at commit ${machine.commit}. All figures: \`bench/results.json\`.`,
    ...(result.again ?? []).map(
      ({ part, takenAt, commit }) =>
        `The part \`${part}\` was measured again on ${takenAt.slice(0, 10)}, by itself, at commit ${commit}; its figures are of that run.`,
    ),
    '## Machine',
    table(
      ['what', 'value'],
      [
        ['processor', `${machine.cpu}, ${machine.cores} cores, shared by everything measured, the clients included`],
        ['memory', `${machine.memoryGb} GB`],
        ['system', machine.system],
        ['disk', `${machine.fsyncsPerSecond} durable writes a second, one after the other`],
        ['programs', `Node ${machine.node}, PostgreSQL ${machine.postgres}`],
        ['load before the run', formatNumber(machine.loadBefore)],
      ],
    ),
    `PostgreSQL runs in a cluster of its own with ${Object.entries(settings)
      .slice(0, 4)
      .map(([name, value]) => `\`${name} = ${value}\``)
      .join(', ')}.`,
    '## Bars',
    'Median of the rounds, with the lowest and the highest. Baseline and ours take turns within one run, each round in the other order, so a ratio compares the same minute of the same machine.',
    table(
      ['what', 'bar', 'measured', ''],
      rows.map((row) => [
        row.what,
        formatBar(row),
        formatSpread(row.value, row.unit),
        row.met === null ? '' : row.met ? 'met' : '**not met**',
      ]),
    ),
    '![Ratios](charts/ratios.svg)',
    '## Behind each ratio',
    ...rows.filter(({ sides }) => sides.length > 0).flatMap(describeRow),
    '## How cost grows',
    ...series.map(({ id, title }) => `![${title}](charts/${id}.svg)`),
    '',
  ].join('\n\n');
}

function describeRow(row: Row): string[] {
  const sides = row.sides.map(({ name, unit, figure, limits }) => {
    const waits = Object.entries(limits?.waits ?? {}).map(([what, share]) => `${what} ${Math.round(share * 100)} %`);
    return [
      name,
      formatSpread(figure, unit),
      limits === undefined
        ? ''
        : `${Math.round(limits.cpuBusy * 100)} % (clients ${formatNumber(limits.clientCpu)} cores)`,
      waits.slice(0, 3).join(', '),
      limits === undefined
        ? ''
        : `${formatNumber(limits.walBytesPerOperation)} B, ${formatNumber(limits.flushesPerOperation)} flushes`,
      limits?.statements
        .map(
          ({ query, ms }) =>
            `${formatNumber(ms)} ms \`${query.slice(0, 40).replaceAll('|', ' ').replaceAll('`', '')}\``,
        )
        .join('<br>') ?? '',
    ];
  });
  return [
    `### ${row.what}`,
    row.note,
    table(
      ['side', 'figure', 'CPU busy', 'sessions were doing', 'WAL per operation', 'time in the server per operation'],
      sides,
    ),
  ];
}
