import { runProgram } from './run-program.ts';

/** `npm run invoices:issue`. */
process.exitCode = await runProgram(process.argv.slice(2), process.env, {
  say: (line) => console.log(line),
  complain: (text) => console.error(text),
  progress: process.stderr,
});
