import { createInterface } from 'node:readline/promises';

/** @returns whether the person at the terminal said yes, in English or Norwegian */
export async function askYesNo(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`${question} (yes/no) `);
  terminal.close();
  return /^(y|yes|j|ja)$/i.test(answer.trim());
}
