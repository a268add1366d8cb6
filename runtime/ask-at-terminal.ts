import { createInterface } from 'node:readline/promises';

/** Asks whoever sits at the terminal, and says whether the answer was yes, in English or Norwegian; undefined where nobody sits there. */
export const askAtTerminal = process.stdin.isTTY && process.stdout.isTTY ? askYesNo : undefined;

async function askYesNo(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`${question} (yes/no) `);
  terminal.close();
  return /^(y|yes|j|ja)$/i.test(answer.trim());
}
