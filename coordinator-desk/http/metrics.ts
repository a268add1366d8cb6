import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { type RequestMetrics, requestSeconds } from '../../runtime/http/observe-requests.ts';
import type { TurnedAwayCounter } from '../../runtime/http/places.ts';

/** What an operator can count. Labels come from our own codes only: nothing of a person, and bounded. */
export interface Metrics extends RequestMetrics, TurnedAwayCounter {
  /** A sign-in that came to its end, or a session that did. */
  session(labels: { event: 'signed_in' | 'refused' | 'refreshed' | 'ended' | 'signed_out' }): void;
}

/** @param withProcess also memory, CPU, event loop and the like of this process */
export function createMetrics({ withProcess }: { withProcess: boolean }): Metrics {
  const registry = new Registry();
  if (withProcess) collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'coordinator_desk_request_duration_seconds',
    help: 'Requests by the first part of their path, method and status, and how long they took.',
    labelNames: ['route', 'method', 'status'],
    buckets: requestSeconds,
    registers: [registry],
  });
  const sessions = new Counter({
    name: 'coordinator_desk_sessions_total',
    help: 'Sign-ins and what became of sessions.',
    labelNames: ['event'],
    registers: [registry],
  });
  const turnedAway = new Counter({
    name: 'coordinator_desk_turned_away_total',
    help: 'Requests for which there was no place, by whose share was used up.',
    labelNames: ['share'],
    registers: [registry],
  });
  return {
    request: (labels, seconds) => requests.observe(labels, seconds),
    session: (labels) => sessions.inc(labels),
    turnedAway: (labels) => turnedAway.inc(labels),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
