import { askYesNo } from '../runtime/ask-yes-no.ts';
import { runProgram } from './run-program.ts';

/** `npm run configure`. */
process.exitCode = await runProgram(process.argv.slice(2), process.env, {
  say: (line) => console.log(line),
  complain: (text) => console.error(text),
  ...(process.stdin.isTTY && process.stdout.isTTY && { ask: askYesNo }),
});
