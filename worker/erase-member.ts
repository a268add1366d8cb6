/**
 * `npm run member:erase -- --organization nhf --member 1234 --reason "Asked by letter" [--receipt FILE] [--yes]`: asks, erases a person, in the
 * worker's environment, and says how many rows went. The receipt is written into the file, which must be new or empty; without one it waits for a
 * coordinator. Started again after a failure it goes on where it stopped.
 */
import { stat, writeFile } from 'node:fs/promises';
import { askAtTerminal } from '../runtime/ask-at-terminal.ts';
import { endWithCode, withServableDatabase } from './command.ts';
import { readConfig } from './config.ts';
import { createErasing } from './create-worker.ts';
import { carryOutErasure } from './erasures.ts';

const refusals: Record<string, string> = {
  not_found: 'there is no such member',
  text_missing: 'say why: --reason "..."',
  note_too_long: 'a reason has 4000 characters at most',
  number_in_note: 'the reason holds eleven digits that may be a personnummer',
  person_in_reason: 'the reason tells who it is, and it is kept: write it without name, number, address or birth date',
};

const option = { type: 'string' } as const;
const command = {
  name: 'member:erase',
  synopsis: '--organization SLUG --member NUMBER --reason "WHY" [--receipt FILE] [--yes]',
  about: `  --organization SLUG  whose member it is, such as nhf
  --member NUMBER      the member number
  --reason "WHY"       why the person is erased; it is kept, so it says nothing of who it is
  --receipt FILE       where the receipt is written, which is given once; else it waits for a coordinator
  --yes                erase without asking`,
  options: {
    organization: option,
    member: option,
    reason: option,
    receipt: option,
    yes: { type: 'boolean', default: false },
  },
  required: ['organization', 'member', 'reason'],
} as const;

await endWithCode(command, async ({ values }) => {
  const { organization, member, reason, receipt } = values;
  const config = readConfig();
  return withServableDatabase(config, async (database) => {
    if (receipt !== undefined && !(await canHoldReceipt(receipt))) {
      console.error("member:erase: there is something in the receipt's file: name another one");
      return false;
    }
    if (!(values.yes || (await agrees(organization, member)))) return false;
    const announced = await database.announceErasure(organization, member, reason);
    if (announced.erasure_id === null) {
      console.error(`member:erase: ${refusals[announced.refused_as ?? ''] ?? announced.refused_as}`);
      return false;
    }
    const erasure = await carryOutErasure(announced.erasure_id, createErasing(config, database));
    console.log(`Erased: ${erasure.id}`);
    for (const [table, rows] of Object.entries(erasure.counts ?? {})) console.log(`${table.padEnd(28)} ${rows}`);
    console.log(`member system: ${erasure.removal?.replace('_', ' ')}`);
    if (receipt === undefined) return true;
    const text = await database.takeReceipt(erasure.id);
    if (text === null) {
      console.error('member:erase: the receipt was given out before');
      return false;
    }
    await writeFile(receipt, `${text}\n`, { mode: 0o600 });
    return true;
  });
});

/** Nothing brings an erased person back, and a number is soon mistyped. */
async function agrees(organization: string, member: string): Promise<boolean> {
  if (askAtTerminal === undefined) {
    console.error('member:erase: nobody is there to ask: use --yes');
    return false;
  }
  return await askAtTerminal(`Erase member ${member} of ${organization}? Nothing brings the person back.`);
}

/** Looked at before anybody is erased, because a receipt is given out once. An empty file is what an interrupted start left. */
async function canHoldReceipt(path: string): Promise<boolean> {
  await writeFile(path, '', { flag: 'a', mode: 0o600 });
  return (await stat(path)).size === 0;
}
