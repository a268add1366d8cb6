import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { type RequestMetrics, requestSeconds } from '../../runtime/http/observe-requests.ts';
import type { TurnedAwayCounter } from '../../runtime/http/places.ts';

/** What an operator can count. Labels come from our own rows and codes only: nothing of a person, and bounded. */
export interface Metrics extends RequestMetrics, TurnedAwayCounter {
  /** A login that came to an end, or to the question for consent. */
  login(labels: { organization: string; provider: string; outcome: string; answer: string }): void;
  /** A start that did not get as far as the provider. */
  refusedStart(labels: { organization: string; provider: string; answer: string }): void;
  webhook(labels: { organization: string; reading: string }): void;
}

/**
 * @param options.withProcess also memory, CPU, event loop and the like of this process
 * @param options.droppedSpans spans that no collector took
 */
export function createMetrics({
  withProcess,
  droppedSpans,
}: {
  withProcess: boolean;
  droppedSpans: () => number;
}): Metrics {
  const registry = new Registry();
  if (withProcess) collectDefaultMetrics({ register: registry });
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ name: `auth_callback_${name}`, help, labelNames, registers: [registry] });
  const requests = new Histogram({
    name: 'auth_callback_request_duration_seconds',
    help: 'Requests by route, method and status, and how long they took.',
    labelNames: ['route', 'method', 'status'],
    buckets: requestSeconds,
    registers: [registry],
  });
  const logins = counter('logins_total', 'Logins by outcome, and by what the app was answered.', [
    'organization',
    'provider',
    'outcome',
    'answer',
  ]);
  const refused = counter('refused_starts_total', 'Starts that did not get as far as the provider.', [
    'organization',
    'provider',
    'answer',
  ]);
  const webhooks = counter('webhooks_total', 'Notices of providers.', ['organization', 'reading']);
  const turnedAway = counter(
    'turned_away_total',
    'Requests for which there was no place, by whose share was used up.',
    ['share'],
  );
  new Counter({
    name: 'auth_callback_trace_spans_dropped_total',
    help: 'Spans of traces that no collector took.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(droppedSpans());
    },
  });
  return {
    request: (labels, seconds) => requests.observe(labels, seconds),
    login: (labels) => logins.inc(labels),
    refusedStart: (labels) => refused.inc(labels),
    webhook: (labels) => webhooks.inc(labels),
    turnedAway: (labels) => turnedAway.inc(labels),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

/** The first parts of paths that requests are counted by. */
export const routes: ReadonlySet<string> = new Set([
  'login',
  'authorize',
  'callback',
  'consent',
  'token',
  'revoke',
  'link',
  'webhooks',
  '.well-known',
  'livez',
  'readyz',
  'metrics',
]);
