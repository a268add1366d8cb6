import { afterAll, beforeAll } from 'vitest';
import { type LocalProgram, runLocal } from '../../support/start-stack.ts';

let program: LocalProgram | undefined;

/** `npm start`, once for all parts of this test. */
export function theStack(): LocalProgram {
  if (program === undefined) throw new Error('the stack has not been started');
  return program;
}

beforeAll(async () => {
  program = runLocal('start');
  await program.says(/Click here/);
});

afterAll(async () => {
  program?.process.kill('SIGKILL');
  await program?.ended;
});
