/**
 * `npm run erasures:replay`: after a restore, in the worker's environment: carries out again what the database lacks of the erasures in the ledger
 * (ERASURE_LEDGER), and writes into the ledger what it lacks of the database's. A second run changes nothing. Nothing else may run meanwhile.
 */

import { missingErasures, openErasureLedger } from '../runtime/erasure-ledger.ts';
import { endWithCode, withDatabase } from './command.ts';
import { readConfig } from './config.ts';

const command = {
  name: 'erasures:replay',
  synopsis: '',
  about: `Carries out again what the database lacks of the erasures in the ledger (ERASURE_LEDGER), and writes into the ledger what it lacks.
After a restore, in the worker's environment, before anything else is started.`,
};

await endWithCode(command, async () => {
  const config = readConfig();
  const { erasureLedger } = config;
  if (erasureLedger === null) {
    console.error('erasures:replay: ERASURE_LEDGER is not set, so there is nothing to compare with');
    return false;
  }
  return withDatabase(config, async (database) => {
    const ledger = openErasureLedger(erasureLedger, config.deployment);
    const lines = await ledger.read();
    let replayed = 0;
    const foreign: string[] = [];
    for (const { erasure, organization, records } of await missingErasures(lines, database.missingErasures)) {
      const became = await database.replayErasure(erasure, organization, records);
      if (became === 'replayed') replayed += 1;
      if (became === 'other_organization') foreign.push(erasure);
    }
    const unrecorded = await database.unrecordedErasures(lines.map(({ erasure }) => erasure));
    for (const erasure of unrecorded) await ledger.record(erasure);
    console.log(`in the ledger           ${lines.length}`);
    console.log(`carried out again       ${replayed}`);
    console.log(`written into the ledger ${unrecorded.length}`);
    for (const erasure of foreign)
      console.error(`erasures:replay: ${erasure} names a record of another organisation: nothing was erased by it`);
    return foreign.length === 0;
  });
});
