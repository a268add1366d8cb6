import { runVerify } from './run-verify.ts';
import { terminal } from './terminal.ts';

/** `npm run audit:verify`. */
process.exitCode = await runVerify(process.argv.slice(2), process.env, terminal);
