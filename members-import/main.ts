import pg from 'pg';
import { framesOf } from '../runtime/describe-error.ts';
import { ConfigurationError } from '../runtime/environment.ts';
import { readArguments, usage } from './arguments.ts';
import { readImportConfig } from './config.ts';
import { explainFailure } from './database-failure.ts';
import { createDoors } from './doors.ts';
import { ImportError } from './errors.ts';
import { importMembers } from './import-members.ts';
import { describeSummary } from './summary.ts';

/** `npm run members:import`. Ends with 0 when the file was imported, also where rows were rejected; 1 when not; 2: misused. */
async function main(): Promise<number> {
  const options = readArguments(process.argv.slice(2));
  if (options === 'help') {
    console.log(usage);
    return 0;
  }
  const config = readImportConfig();
  const client = new pg.Client({
    connectionString: config.databaseUrl,
    application_name: 'members-import',
    keepAlive: true,
  });
  // A lost connection is told by the query that needed it.
  client.on('error', () => undefined);
  try {
    await client.connect().catch((cause) => {
      throw explainFailure(cause, 'connecting');
    });
    const say = (line: string) => console.log(line);
    const summary = await importMembers(options, { config, doors: createDoors(client), say, terminal: process.stderr });
    for (const line of describeSummary(summary, options)) say(line);
    return 0;
  } finally {
    await client.end();
  }
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
