import { consoleOutput } from '../runtime/command-line.ts';
import { runSupabaseCheck } from './run-check.ts';

/** `npm run supabase:check`. */
process.exitCode = await runSupabaseCheck(process.argv.slice(2), process.env, consoleOutput);
