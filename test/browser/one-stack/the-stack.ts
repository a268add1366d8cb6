import { afterAll, beforeAll } from 'vitest';
import { type LocalProgram, runLocal } from '../../support/start-stack.ts';

let program: LocalProgram | undefined;

/** `npm start -- --clock`, once for all parts of this test. Without the flag it is started by test/local/stack-failures.test.ts. */
export function theStack(): LocalProgram {
  if (program === undefined) throw new Error('the stack has not been started');
  return program;
}

beforeAll(async () => {
  program = runLocal('start', undefined, undefined, ['--clock']);
  await program.says(/Click here/);
});

afterAll(async () => {
  program?.process.kill('SIGKILL');
  await program?.ended;
});
