import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, test } from 'vitest';
import { parse } from 'yaml';
import { createMetrics as callbackMetrics } from '../../auth-callback/http/metrics.ts';
import { createMetrics as deskMetrics } from '../../coordinator-desk/http/metrics.ts';
import { createMetrics as workerMetrics } from '../../worker/metrics.ts';
import { readPage } from './markdown.ts';

// Alerts, dashboard, the programs' metrics and docs/operations.md, held to each other.

const FOLDER = join(import.meta.dirname, '..', '..', 'monitoring');
const read = (name: string) => readFileSync(join(FOLDER, name), 'utf8');

type Rule = {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string; runbook_url: string };
};
type Panel = { id: number; type: string; title: string; description?: string; targets?: { expr: string }[] };

const rules = (parse(read('alerts.yaml')) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
const { panels } = JSON.parse(read('dashboard.json')) as { panels: Panel[] };
const expressions = [
  ...rules.map(({ alert, expr }) => ({ where: alert, expr })),
  ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ where: title, expr }))),
];
const page = await readPage('operations.md');
const sections = [...(page.split('\n## Alerts\n')[1] ?? '').matchAll(/^(##+) (.+)$/gm)]
  .filter(([, level]) => level === '###')
  .map(([, , title = '']) => title);

/** What /metrics of the three programs answers, when everything has happened once; label names by the name of a series. */
let served: Map<string, Set<string>>;

beforeAll(async () => {
  const who = { organization: 'nhf', provider: 'vipps' };
  const callback = callbackMetrics({ withProcess: true, droppedSpans: () => 0 });
  callback.request({ route: 'callback', method: 'GET', status: 302 }, 1);
  callback.login({ ...who, outcome: 'filled', answer: 'code' });
  callback.refusedStart({ ...who, answer: 'temporarily_unavailable' });
  callback.webhook({ organization: 'nhf', reading: 'malformed' });
  callback.turnedAway({ share: 'places' });
  const desk = deskMetrics({ withProcess: true });
  desk.request({ route: 'cases', method: 'GET', status: 200 }, 1);
  desk.session({ event: 'refused' });
  desk.turnedAway({ share: 'places' });
  const counts = {
    waiting: 0,
    sending: 0,
    oldest_waiting_seconds: 0,
    accepted: 0,
    refused: 0,
    given_up: 0,
    disputed: 0,
  };
  const worker = workerMetrics({
    read: async () => [{ organization: 'nhf', ...counts, breaker: 'closed', deferred: 0, oldest_deferred_seconds: 0 }],
    readSealing: async () => ({ tree_size: 0, signed_size: 0, oldest_unsealed_seconds: 0, held_by: null }),
    droppedSpans: () => 0,
    freshForMs: 0,
    withProcess: true,
  });
  worker.attempt('nhf', { result: 'delivered', errorCode: null }, 1);
  worker.invoice('nhf', { result: 'issued', errorCode: null });
  const texts = await Promise.all([callback, desk, worker].map((metrics) => metrics.text()));
  served = new Map();
  for (const [, name = '', labels = ''] of texts.join('\n').matchAll(/^([a-z][a-z0-9_]*)(?:\{(.*)\})? \S+$/gm)) {
    const names = [...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label);
    served.set(name, new Set([...(served.get(name) ?? []), ...names]));
  }
});

test('every series in an alert or a panel is one that a program serves, with the labels that it is chosen by', () => {
  const used = new Set<string>();
  for (const { where, expr } of expressions) {
    const series = [
      ...expr.matchAll(/\b((?:auth_callback|worker|coordinator_desk|process|nodejs)_\w+)(?:\{([^}]*)\})?/g),
    ];
    assert.ok(series.length > 0, where);
    for (const [, name = '', chosen = ''] of series) {
      used.add(name);
      const labels = served.get(name);
      assert.ok(labels, `${where}: nobody serves ${name}`);
      for (const [, label = ''] of chosen.matchAll(/(\w+)=?[=~!]/g)) {
        assert.ok(labels.has(label), `${where}: ${name} has no label ${label}`);
      }
    }
    const known = new Set(['job', 'instance', ...series.flatMap(([, name = '']) => [...(served.get(name) ?? [])])]);
    for (const [, list = ''] of expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)) {
      for (const label of list.split(', ')) assert.ok(known.has(label), `${where}: there is no label ${label}`);
    }
  }
  const ours = [...served.keys()].filter((name) => /^(auth_callback|worker|coordinator_desk)_/.test(name));
  const unused = ours.filter((name) => !used.has(name) && !/_(bucket|sum|count|created)$/.test(name));
  assert.deepEqual(unused, [], 'every metric of ours is shown or watched');
});

test('every alert has its section in docs/operations.md, and every section its alert', () => {
  assert.deepEqual(sections, [...new Set(sections)]);
  assert.deepEqual(rules.map(({ alert }) => alert).toSorted(), sections.toSorted());
});

test.each(rules)('$alert says how urgent it is, what has happened and where to read on', (rule) => {
  assert.ok(['page', 'ticket'].includes(rule.labels.severity));
  assert.equal(rule.annotations.runbook_url, `docs/operations.md#${rule.alert.toLowerCase()}`);
  assert.match(rule.annotations.summary, /^["{\w].*\.$/);
  for (const [, label = ''] of rule.annotations.summary.matchAll(/\$labels\.(\w+)/g)) {
    assert.match(rule.expr, new RegExp(`by \\([^)]*\\b${label}\\b`), `${label} is not left in the result`);
  }
});

test('panels have different numbers, and name only alerts that there are', () => {
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const alerts = new Set(rules.map(({ alert }) => alert));
  const named = panels.flatMap(({ description = '' }) => description.match(/\b(?:[A-Z][a-z]+){2,}\b/g) ?? []);
  assert.ok(named.length > 15);
  for (const name of named) assert.ok(alerts.has(name), name);
});

// Debian's package prometheus has it.
const promtool = spawnSync('promtool', ['--version']).status === 0;
describe.skipIf(!promtool)('with promtool', () => {
  test.each([
    ['check', 'rules', 'alerts.yaml'],
    ['test', 'rules', 'alerts.test.yaml'],
  ])('%s %s %s', (...words) => {
    const { status, stdout, stderr } = spawnSync('promtool', words, { cwd: FOLDER, encoding: 'utf8' });
    assert.equal(status, 0, `${stdout}${stderr}`);
  });
});
