import type { Logger } from '../../runtime/logger.ts';
import type { Metrics } from '../http/metrics.ts';
import type { LoginEnding } from './login-in-flight.ts';

/** One line, and one count, for each request in which a login came to an end, or to a question. */
export function reportLogin(
  metrics: Metrics,
  log: Logger,
  ending: LoginEnding & { outcome: string },
  at: { organization: string; provider: string; startedAt: number },
): void {
  const { outcome } = ending;
  const durationMs = Math.round(performance.now() - at.startedAt);
  const answer = { let_in: 'code', asked: 'question', refused: '' }[ending.status];
  const told = ending.status === 'refused' ? ending.error.answer : answer;
  metrics.login({ organization: at.organization, provider: at.provider, outcome, answer: told });
  const line = { event: 'login_finished', outcome, duration_ms: durationMs, answer: told };
  if (ending.status !== 'refused') {
    log.info(line, 'login finished');
    return;
  }
  const { code, cause } = ending.error;
  if (cause === undefined) log.info({ ...line, code }, 'login finished');
  else log.warn({ ...line, code, err: cause }, 'login finished');
}
