import type { Context } from './context.ts';
import type { BenchKeys } from './keys.ts';
import type { Row } from './row.ts';
import { measureCasePage } from './rows/case-page.ts';
import { measureDecisions } from './rows/decisions.ts';
import { measureDeskPages } from './rows/desk-pages.ts';
import { measureGrants } from './rows/grants.ts';
import {
  growMembers,
  growObservations,
  growOrganizations,
  measureLargeOverSmall,
  measureMembers,
  type Series,
  sampleWorld,
  toSeries,
} from './rows/growth.ts';
import { measureHistory } from './rows/history.ts';
import { measureImport } from './rows/import.ts';
import { measureInvoices } from './rows/invoices.ts';
import { measureLists } from './rows/lists.ts';
import { measureLogins } from './rows/logins.ts';
import { measurePushes } from './rows/pushes.ts';
import { measureTrouble } from './rows/trouble.ts';

/** What a run measures with, and what it has found so far. */
export type Run = {
  context: Context;
  keys: BenchKeys;
  /** How many logins are stored for the part `history`. */
  stored: number;
  rows: Row[];
  series: Series[];
  /** Says when something begins, and does it. */
  step(title: string, action: () => Promise<void>): Promise<void>;
};

type Part = (run: Run) => Promise<void>;

/** What is measured only where it is asked for. */
const RARE: Record<string, Part> = {
  history: async ({ context, stored, rows }) => void rows.push(...(await measureHistory(context, stored))),
};

/** What every run measures, in this order. */
const ORDINARY: Record<string, Part> = {
  decisions: async ({ context, rows }) => void rows.push(...(await measureDecisions(context))),
  logins: async ({ context, keys, rows }) => void rows.push(...(await measureLogins(context, keys))),
  trouble: async ({ context, keys, rows }) => void rows.push(await measureTrouble(context, keys)),
  pushes: async ({ context, keys, rows }) => void rows.push(...(await measurePushes(context, keys))),
  invoices: async ({ context, keys, rows }) => void rows.push(await measureInvoices(context, keys)),
  // Last, because from here on the tables grow.
  members: growTables,
  grants: async ({ context, rows }) => void rows.push(...(await measureGrants(context))),
};

/** The parts of a run: all ordinary ones, or the one that is asked for by its title. */
export function chooseParts(only: string | undefined): [title: string, part: Part][] {
  if (only === undefined) return Object.entries(ORDINARY);
  return Object.entries({ ...RARE, ...ORDINARY }).filter(([title]) => title === only);
}

/** More and more members, open cases, observations and organisations in one database. */
async function growTables({ context, keys, rows, series, step }: Run): Promise<void> {
  const { organization, points } = await growMembers(context, context.size.members);
  await step('import', async () => void rows.push(...(await measureImport(context, organization, keys))));
  const world = await sampleWorld(context.cluster.pool, organization);
  points.push(await measureMembers(context, world));
  series.push(toSeries('members', 'Decision while members grow', 'members', points));
  rows.push(await measureLargeOverSmall(context, world));
  await step('open cases', async () => {
    const found = await measureCasePage(context, world, keys);
    rows.push(...found.rows);
    series.push(...found.series);
  });
  await step('observations', async () => void series.push(await growObservations(context, world)));
  await step('organisations', async () => void series.push(await growOrganizations(context, world)));
  await step('lists', async () => void rows.push(...(await measureLists(context, world, keys))));
  await step('desk', async () => void rows.push(...(await measureDeskPages(context, world, keys))));
}
