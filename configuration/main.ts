import { askAtTerminal } from '../runtime/ask-at-terminal.ts';
import { runProgram } from './run-program.ts';

/** `npm run configure`. */
process.exitCode = await runProgram(process.argv.slice(2), process.env, {
  say: (line) => console.log(line),
  complain: (text) => console.error(text),
  ...(askAtTerminal && { ask: askAtTerminal }),
});
