import { askYesNo } from '../runtime/ask-yes-no.ts';
import { runProgram } from './run-program.ts';

/** `npm run members:import`. */
process.exitCode = await runProgram(process.argv.slice(2), process.env, {
  say: (line) => console.log(line),
  complain: (text) => console.error(text),
  progress: process.stderr,
  ...(process.stdin.isTTY && process.stdout.isTTY && { ask: askYesNo }),
});
