import { runCreate } from './run-create.ts';
import { terminal } from './terminal.ts';

/** `npm run keys:create`. */
process.exitCode = await runCreate(process.argv.slice(2), terminal);
