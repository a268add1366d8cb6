import { runRotate } from './run-rotate.ts';
import { terminal } from './terminal.ts';

/** `npm run keys:rotate`. */
process.exitCode = await runRotate(process.argv.slice(2), process.env, terminal);
