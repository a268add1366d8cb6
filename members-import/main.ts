import pg from 'pg';
import { framesOf } from '../runtime/describe-error.ts';
import { ConfigurationError } from '../runtime/environment.ts';
import { readArguments, usage } from './arguments.ts';
import { readImportConfig } from './config.ts';
import { createDoors } from './doors.ts';
import { ImportError } from './errors.ts';
import { importMembers, type Summary } from './import-members.ts';

/** `npm run members:import`. Ends with 0 when the file was imported, also where rows were rejected; 1 when not; 2: misused. */
async function main(): Promise<number> {
  const options = readArguments(process.argv.slice(2));
  const config = readImportConfig();
  const client = new pg.Client({
    connectionString: config.databaseUrl,
    application_name: 'members-import',
    keepAlive: true,
  });
  // A lost connection is told by the query that needed it.
  client.on('error', () => undefined);
  await client.connect().catch((cause) => {
    throw new ImportError('database_failed', 'the database cannot be reached', { cause });
  });
  try {
    const say = (line: string) => console.log(line);
    const summary = await importMembers(options, { config, doors: createDoors(client), say, terminal: process.stderr });
    for (const line of describe(summary, options)) say(line);
    return 0;
  } finally {
    await client.end();
  }
}

function describe(summary: Summary, { dryRun, rejectedFile, absentFile }: ReturnType<typeof readArguments>): string[] {
  const { added, updated, unchanged, duplicates, conflicts, rejected, absent, records_done: rows, seconds } = summary;
  const lines = [
    `${rows} rows in ${seconds.toFixed(1)} s${dryRun ? '; this is what an import would do:' : '.'}`,
    `  added      ${added}`,
    `  changed    ${updated}`,
    `  unchanged  ${unchanged}`,
    `  rejected   ${rejected}${rejected > 0 ? `  see ${rejectedFile}` : ''}`,
  ];
  if (duplicates > 0) lines.push(`  cases: ${duplicates} with a number that another member has`);
  if (conflicts > 0) lines.push(`  cases: ${conflicts} with another number than a login or a coordinator brought`);
  if (absent) lines.push(`  ${absent} members are not in the file; nothing was deleted, see ${absentFile}`);
  return lines;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof ImportError && error.code === 'arguments_invalid') {
    console.error(`members-import: ${error.message}\n\n${usage}`);
    process.exitCode = 2;
  } else if (error instanceof ImportError || error instanceof ConfigurationError) {
    console.error(`members-import: ${error.message}`);
    process.exitCode = 1;
  } else {
    // Nothing of an unforeseen error is printed but what it is: its message may quote a row.
    console.error(
      `members-import: unexpected ${error instanceof Error ? `${error.name}\n${framesOf(error.stack ?? '')}` : 'error'}`,
    );
    process.exitCode = 1;
  }
}
