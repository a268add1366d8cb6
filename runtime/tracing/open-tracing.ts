import type { Logger } from '../logger.ts';
import type { TracingSetting } from './setting.ts';
import { noTracing, type Tracing } from './tracing.ts';

/**
 * OpenTelemetry's packages are loaded only where spans are sent somewhere.
 *
 * @param service the program's name in the traces, unless `OTEL_SERVICE_NAME` says another
 */
export async function openTracing(setting: TracingSetting | null, service: string, log: Logger): Promise<Tracing> {
  if (setting === null) return noTracing;
  const { startTracing } = await import('./opentelemetry.ts');
  return startTracing(setting, service, log);
}
