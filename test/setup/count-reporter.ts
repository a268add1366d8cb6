import { relative } from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** All of them where `npm run mutate` wants to know which are quick. */
const SLOWEST_SHOWN = process.env.TEST_COVERAGE ? Number.POSITIVE_INFINITY : 12;

/** Ends a run by saying where its time went and which tests failed or were skipped; its last line is `N passed, N failed, N skipped`. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const slowest = modules
      .map((module) => ({ file: relative(process.cwd(), module.moduleId), ms: module.diagnostic().duration }))
      .sort((one, other) => other.ms - one.ms);
    for (const { file, ms } of slowest.slice(0, SLOWEST_SHOWN))
      console.log(`${(ms / 1000).toFixed(1).padStart(6)} s  ${file}`);

    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    for (const test of tests) {
      const { state, errors: reasons = [] } = test.result();
      if (state === 'skipped') console.log(`skipped: ${nameOf(test)}`);
      // `.ci/run` shows these lines once more at its end.
      if (state === 'failed') console.log(`failed: ${nameOf(test)}: ${reasons.map(firstLine).join('; ')}`);
    }
    for (const module of modules)
      for (const error of module.errors())
        console.log(`failed: ${relative(process.cwd(), module.moduleId)}: ${firstLine(error)}`);
    for (const error of errors) console.log(`failed: outside of any test: ${firstLine(error)}`);
    // A file that could not be read, or an error outside of any test, is a failure too.
    const broken = modules.filter((module) => module.errors().length > 0).length + errors.length;
    console.log(`${count('passed')} passed, ${count('failed') + broken} failed, ${count('skipped')} skipped`);
  }
}

function nameOf(test: TestCase): string {
  return `${relative(process.cwd(), test.module.moduleId)}: ${test.fullName}`;
}

function firstLine(error: unknown): string {
  const { message = String(error) } = error as { message?: string };
  return message.split('\n', 1)[0] ?? '';
}
