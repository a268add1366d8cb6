import { ImportError } from '../runtime/csv/errors.ts';
import { detectDelimiter, foldName, isBlank, readHeader } from '../runtime/csv/header.ts';
import { type FileFacts, inspectFile } from '../runtime/csv/inspect-file.ts';
import { type CsvRecord, type RecordReader, readRecords } from '../runtime/csv/read-records.ts';
import {
  type ColumnName,
  columnNames,
  type InvoiceLine,
  judgeLine,
  type LineReason,
  neededColumns,
} from './judge-line.ts';

/** A file of invoices, seen through before its first line is taken. */
export type InvoiceFile = {
  facts: FileFacts;
  /** Line by line in portions: an invoice, or why it is none. */
  lines(today: string): AsyncGenerator<{ line: number; judged: InvoiceLine | LineReason[] }[]>;
  bytesRead(): number;
};

type Positions = ReadonlyMap<ColumnName, number>;

/** @throws {ImportError} where the file or its header is not usable */
export async function openInvoiceFile(path: string): Promise<InvoiceFile> {
  const facts = await inspectFile(path);
  const { encoding } = facts;
  const delimiter = await detectDelimiter(path, encoding, columnNames);
  const header = await readHeader(path, { encoding, delimiter });
  const positions = findColumns(header.names);
  const layout = { width: header.names.length, idAt: positions.get('member') ?? 0 };
  const reader: RecordReader = readRecords(path, { encoding, delimiter, layout });
  return {
    facts,
    bytesRead: () => reader.bytesRead(),
    async *lines(today) {
      let seen = 0;
      for await (const portion of reader.records) {
        const ofHeader = Math.max(0, header.records - seen);
        seen += portion.length;
        const rows = portion.slice(ofHeader).filter(({ fields }) => !isBlank(fields));
        yield rows.map((record) => ({
          line: record.line,
          judged: judge(record, positions, header.names.length, today),
        }));
      }
    },
  };
}

function findColumns(names: readonly string[]): Positions {
  const folded = names.map(foldName);
  const missing = neededColumns.filter((name) => !folded.includes(name));
  const twice = columnNames.filter((name) => folded.indexOf(name) !== folded.lastIndexOf(name));
  if (missing.length > 0) throw new ImportError('header_unusable', `no column is called ${missing.join(', ')}`);
  if (twice.length > 0) throw new ImportError('header_unusable', `several columns are called ${twice.join(', ')}`);
  return new Map(columnNames.filter((name) => folded.includes(name)).map((name) => [name, folded.indexOf(name)]));
}

function judge(record: CsvRecord, positions: Positions, width: number, today: string): InvoiceLine | LineReason[] {
  if (record.stray) return ['stray_quote'];
  if (record.fields.length !== width) return ['wrong_number_of_fields'];
  const fields = Object.fromEntries([...positions].map(([name, at]) => [name, record.fields[at] ?? '']));
  return judgeLine(record.line, fields, today);
}
