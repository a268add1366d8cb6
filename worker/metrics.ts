import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { OrganizationMetrics } from './database-rows.ts';
import type { AttemptEnd } from './deliver.ts';
import type { InvoiceEnd } from './invoices/issue.ts';
import type { SealingMetrics } from './sealing/database.ts';

/** What an operator can count. Labels come from our own rows and codes only: nothing of a person, and bounded. */
export interface Metrics {
  attempt(organization: string, outcome: Pick<AttemptEnd, 'result' | 'errorCode'>, seconds: number): void;
  invoice(organization: string, end: Pick<InvoiceEnd, 'result' | 'errorCode'>): void;
  /** Prometheus' text format. Throws when the database does not answer. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** What the metrics need. */
export interface MetricsOptions {
  /** How the tables stand. */
  read(): Promise<OrganizationMetrics[]>;
  readSealing(): Promise<SealingMetrics>;
  /** Spans that no collector took. */
  droppedSpans(): number;
  /** The tables are read at most this often, in milliseconds. */
  readonly freshForMs: number;
  /** Also memory, CPU, event loop and the like of this process. */
  readonly withProcess: boolean;
}

/** Seconds, from a member system beside us to one that is about to time out. */
const buckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Gauges that mirror the tables: name, help, how to read them. docs/operations.md says what each means. */
const gauges: [name: string, help: string, value: (row: OrganizationMetrics) => number][] = [
  ['pushes_waiting', 'Changes that wait to be carried.', (row) => row.waiting],
  [
    'pushes_disputed',
    'Changes that wait for an open case about their number, also those that were given up before.',
    (row) => row.disputed,
  ],
  ['pushes_sending', 'Changes that are being sent.', (row) => row.sending],
  [
    'pushes_oldest_waiting_seconds',
    'Age of the oldest change that has not arrived.',
    (row) => row.oldest_waiting_seconds,
  ],
  ['pushes_accepted', 'Changes taken in but not yet carried out.', (row) => row.accepted],
  ['pushes_refused', 'Changes that were refused for good.', (row) => row.refused],
  ['pushes_given_up', 'Changes that were given up; tried once a day.', (row) => row.given_up],
  [
    'breaker_open',
    '1 while nothing is sent to the member system, or one change to find out.',
    (row) => Number(row.breaker !== 'closed'),
  ],
  ['logins_deferred', 'Logins whose decision was put off by a fault.', (row) => row.deferred],
  [
    'oldest_deferred_seconds',
    'Age of the oldest login whose decision was put off.',
    (row) => row.oldest_deferred_seconds,
  ],
];

/** The same of the sealed audit, which all organisations share. */
const sealingGauges: [name: string, help: string, value: (row: SealingMetrics) => number][] = [
  ['audit_sealed_events', 'Events of the audit that are sealed.', (row) => row.tree_size],
  ['audit_signed_events', 'Events of the audit that a signed checkpoint covers.', (row) => row.signed_size],
  [
    'audit_oldest_unsealed_seconds',
    'Age of the oldest event of the audit that is not sealed.',
    (row) => row.oldest_unsealed_seconds,
  ],
];

/** Creates the worker's metrics. */
export function createMetrics({ read, readSealing, droppedSpans, freshForMs, withProcess }: MetricsOptions): Metrics {
  const registry = new Registry();
  if (withProcess) collectDefaultMetrics({ register: registry });
  const attempts = new Counter({
    name: 'worker_push_attempts_total',
    help: 'Attempts to carry a change, by how they ended.',
    labelNames: ['organization', 'result', 'error_code'],
    registers: [registry],
  });
  const durations = new Histogram({
    name: 'worker_push_attempt_duration_seconds',
    help: 'How long attempts took.',
    labelNames: ['organization'],
    buckets,
    registers: [registry],
  });
  const invoices = new Counter({
    name: 'worker_invoice_attempts_total',
    help: 'Attempts to issue an invoice, by how they ended.',
    labelNames: ['organization', 'result', 'error_code'],
    registers: [registry],
  });
  new Counter({
    name: 'worker_trace_spans_dropped_total',
    help: 'Spans of traces that no collector took.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(droppedSpans());
    },
  });
  const mirrored = gauges.map(([name, help, value]) => ({
    gauge: new Gauge({ name: `worker_${name}`, help, labelNames: ['organization'], registers: [registry] }),
    value,
  }));
  const mirroredSealing = sealingGauges.map(([name, help, value]) => ({
    gauge: new Gauge({ name: `worker_${name}`, help, registers: [registry] }),
    value,
  }));
  let readAt = Number.NEGATIVE_INFINITY;

  async function mirror(): Promise<void> {
    if (performance.now() - readAt < freshForMs) return;
    const [rows, sealing] = await Promise.all([read(), readSealing()]);
    readAt = performance.now();
    for (const { gauge, value } of mirrored) {
      gauge.reset();
      for (const row of rows) gauge.set({ organization: row.organization }, value(row));
    }
    for (const { gauge, value } of mirroredSealing) gauge.set(value(sealing));
  }

  return {
    attempt(organization, { result, errorCode }, seconds) {
      attempts.inc({ organization, result, error_code: errorCode ?? '' });
      durations.observe({ organization }, seconds);
    },
    invoice(organization, { result, errorCode }) {
      invoices.inc({ organization, result, error_code: errorCode ?? '' });
    },
    async text() {
      await mirror();
      return await registry.metrics();
    },
    contentType: registry.contentType,
  };
}
