import type { OrganizationEntry } from './file-schema.ts';
import {
  appTable,
  type ConfiguredTable,
  coordinatorTable,
  issuerTable,
  memberSystemTable,
  organizationTable,
  providerTable,
} from './tables.ts';

export type Columns = Readonly<Record<string, unknown>>;

/** A row as the file wants it: only the columns that the file names. */
export type WantedRow = { table: ConfiguredTable; columns: Columns };

/** @returns the rows of one organisation, its own first */
export function wantedRows(entry: OrganizationEntry): WantedRow[] {
  const { providers = {}, member_system, issuer, apps = [], coordinators = [], ...organization } = entry;
  return [
    { table: organizationTable, columns: organization },
    ...Object.entries(providers).flatMap(([provider, columns]) =>
      columns === undefined ? [] : [{ table: providerTable, columns: { provider, ...columns } }],
    ),
    ...(member_system === undefined ? [] : [{ table: memberSystemTable, columns: member_system }]),
    ...(issuer === undefined ? [] : [{ table: issuerTable, columns: issuer }]),
    ...apps.map((columns) => ({ table: appTable, columns })),
    ...coordinators.map((columns) => ({ table: coordinatorTable, columns })),
  ];
}
