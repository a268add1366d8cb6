import { runWitness } from './run-witness.ts';
import { terminal } from './terminal.ts';

/** `npm run audit:witness`. */
process.exitCode = await runWitness(process.argv.slice(2), process.env, terminal);
