import { ImportError } from '../runtime/csv/errors.ts';
import { foldName } from '../runtime/csv/header.ts';
import { printable } from '../runtime/csv/printable.ts';
import { type FieldName, fieldNames, type Mapping } from './mapping.ts';

/** Where in a record each field stands. */
export type Layout = { width: number; positions: Partial<Record<FieldName, number>> };

/**
 * Finds the columns in the header; case and white space around names do not count. A column that the mapping does not name is
 * looked for under its own name and may be missing, except `external_id`; where the mapping has given a column of that name to
 * another field, it is missing.
 *
 * @throws {ImportError} `header_unusable`, with the names that are missing or there twice
 */
export function findColumns(header: string[], { columns }: Mapping): Layout {
  const names = header.map(foldName);
  const positions: Partial<Record<FieldName, number>> = {};
  const faults: string[] = [];
  const given = Object.values(columns).map(foldName);
  for (const field of fieldNames) {
    const wanted = foldName(columns[field] ?? field);
    const shown = printable(wanted) ?? 'what the mapping says';
    const isMapped = columns[field] !== undefined;
    const at = isMapped || !given.includes(wanted) ? names.indexOf(wanted) : -1;
    if (at >= 0) positions[field] = at;
    else if (isMapped || field === 'external_id') faults.push(`no column is called ${shown}`);
    if (at >= 0 && at !== names.lastIndexOf(wanted)) faults.push(`several columns are called ${shown}`);
  }
  if (faults.length === 0) return { width: header.length, positions };
  throw new ImportError('header_unusable', `${faults.join('; ')} (name the columns in a mapping file)`);
}

/**
 * Says which columns are used and which are not, before anything is imported.
 *
 * @returns `Columns used: external_id (Medlemsnr), phone. Ignored: Fornavn.`; names that may be a row's data are only counted
 */
export function describeColumns(header: string[], { positions }: Layout): string {
  const used = fieldNames.flatMap((field) => {
    const at = positions[field];
    if (at === undefined) return [];
    const name = printable(header[at] ?? '');
    return name === undefined || foldName(name) === field ? [field] : [`${field} (${name})`];
  });
  const taken = Object.values(positions);
  const ignored = header.filter((_, at) => !taken.includes(at)).map(printable);
  const shown = ignored.filter((name) => name !== undefined && name !== '');
  const hidden = ignored.length - shown.length;
  if (hidden > 0) shown.push(`${hidden} without a name that can be shown`);
  return `Columns used: ${used.join(', ')}.${shown.length > 0 ? ` Ignored: ${shown.join(', ')}.` : ''}`;
}
