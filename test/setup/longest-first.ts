import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest, in this order. Their files are short, and vitest, which goes by size, would begin them last and wait for them alone. */
const LONGEST = [
  'test/coordinator-desk/browser/accessibility.test.ts',
  'test/browser/one-stack.test.ts',
  'test/coordinator-desk/browser/records.test.ts',
  'test/local/stack-failures.test.ts',
  'test/db/restore.test.ts',
  'test/db/migrate.test.ts',
  'test/end-to-end/restored-backup.test.ts',
  'test/db/sealed-restore.test.ts',
  'test/local/restore-drill.test.ts',
  'test/end-to-end/previous-release.test.ts',
  'test/members-import/moved-numbers.test.ts',
  'test/chaos/chaos.test.ts',
  'test/chaos/failover.test.ts',
  'test/local/odd-folders.test.ts',
  'test/hosted-supabase/postgres-17.test.ts',
  'test/hosted-supabase/postgres-15.test.ts',
  'test/db/restore-incomplete.test.ts',
  'test/db/names-locales.test.ts',
];

const rank = ({ moduleId }: TestSpecification) => {
  const at = LONGEST.findIndex((file) => moduleId.endsWith(file));
  return at === -1 ? LONGEST.length : at;
};

/** Files of a project stay together, because they share processes; those that take longest begin first, so that nobody waits for them at the end. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const projects = [...new Set(sorted.map(({ project }) => project.name))];
    return sorted.toSorted(
      (one, other) =>
        projects.indexOf(one.project.name) - projects.indexOf(other.project.name) || rank(one) - rank(other),
    );
  }
}
