import { readEnvironment } from '../../runtime/environment.ts';
import { exitOnFatalErrors } from '../../runtime/fatal-errors.ts';
import { createLogger } from '../../runtime/logger.ts';
import { stopOnSignals } from '../../runtime/stop-signals.ts';
import { createMemberSystem } from './server.ts';

/** The variable that holds an organisation's token, as its row in `sync.member_systems` names it. */
export function tokenVariable(organization: string): string {
  return `MEMBER_SYSTEM_${organization.toUpperCase().replaceAll('-', '_')}_TOKEN`;
}

/**
 * Runs the member systems as a program. Settings: `ORGANIZATIONS` (slugs with commas between), a
 * `MEMBER_SYSTEM_<SLUG>_TOKEN` for each, `HOST` (default 127.0.0.1), `PORT`.
 */
export async function main(): Promise<void> {
  const environment = readEnvironment(process.env);
  const slugs = environment.required('ORGANIZATIONS').split(',').filter(Boolean);
  const tokens = Object.fromEntries(slugs.map((slug) => [slug, environment.required(tokenVariable(slug))]));
  const port = environment.integer('PORT', { min: 0, max: 65_535 });
  const host = environment.optional('HOST', '127.0.0.1');
  environment.finish();

  const log = createLogger({ name: 'member-system', level: 'info' });
  exitOnFatalErrors(log);
  const memberSystem = await createMemberSystem({ tokens, host, port, log: (event) => log.info(event, 'request') });
  stopOnSignals({ log, steps: [{ name: 'http', stop: () => memberSystem.close() }] });
  log.info({ url: memberSystem.url, organizations: slugs }, 'listening');
}
