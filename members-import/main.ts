import { createInterface } from 'node:readline/promises';
import { runProgram } from './run-program.ts';

/** `npm run members:import`. */
process.exitCode = await runProgram(process.argv.slice(2), process.env, {
  say: (line) => console.log(line),
  complain: (text) => console.error(text),
  progress: process.stderr,
  ...(process.stdin.isTTY && process.stdout.isTTY && { ask }),
});

async function ask(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`${question} (yes/no) `);
  terminal.close();
  return /^(y|yes|j|ja)$/i.test(answer.trim());
}
