import { cleanField, cleanId, idForm, isNothing } from '../runtime/csv/clean-fields.ts';
import { ImportError } from '../runtime/csv/errors.ts';
import { foldName, type Header, isBlank, isSeparatorLine } from '../runtime/csv/header.ts';
import type { CsvRecord } from '../runtime/csv/read-records.ts';
import type { Layout } from './header.ts';
import { type FieldName, fieldNames } from './mapping.ts';

// An export is more than its members: headers in the middle, lines under them, sums and dates of printing. And spreadsheets
// leave out delimiters at the end of a row. Here records become members, or are rejected; none becomes what it only may be.

/** A record of the file that may be a member. */
export type MemberRecord = {
  line: number;
  /** As many as the header has, except where it is not known which ones are missing. */
  fields: string[];
  /** Why it is rejected, whatever its fields say. */
  fault?: 'stray_quote' | 'not_a_member';
};

type Frame = { header: Header; layout: Layout; delimiter: string };

/** What was found in the whole file before the first row of it is imported. */
export type FileSurvey = {
  records: number;
  /** Forms of ids, see {@link idForm}, that members of this file have. */
  idForms: Set<string>;
  /** Fields that say `NULL` or the like. */
  nothing: number;
  /** Lines on which the header stands again. */
  repeatedHeaders: number[];
  /** For each column that is used, how many fields there are of each kind. */
  kinds: Partial<Record<FieldName, Record<string, number>>>;
};

/**
 * Reads the whole file once, so that what stops an import stops it before it begins.
 *
 * @throws {ImportError} `header_unusable` where another header stands in the middle; those of `readRecords`
 */
export async function surveyRecords(portions: AsyncIterable<CsvRecord[]>, frame: Frame): Promise<FileSurvey> {
  const { positions, width } = frame.layout;
  const used = fieldNames.flatMap((field) => {
    const at = positions[field];
    return at === undefined ? [] : [{ field, at, kinds: new Map<string, number>() }];
  });
  const forms = { ofMembers: new Set<string>(), all: new Map<string, number>() };
  const survey = { records: 0, nothing: 0, repeatedHeaders: [] as number[] };
  for await (const portion of withoutFrame(portions, frame, (line) => survey.repeatedHeaders.push(line))) {
    for (const { fields, stray } of portion) {
      survey.records += 1;
      if (stray) continue;
      let says = 0;
      let form = '';
      for (const { field, at, kinds } of used) {
        const text = cleanField(fields[at] ?? '');
        const saysNothing = text !== '' && isNothing(text);
        const isEmpty = text === '' || saysNothing;
        if (saysNothing) survey.nothing += 1;
        // A bare count stands beside a sum too.
        if (field !== 'external_id' && !isEmpty && !/^[0-9]{1,7}$/.test(text)) says += 1;
        if (field === 'external_id' && !isEmpty) form = idForm(cleanId(text));
        count(kinds, isEmpty ? 'empty' : field === 'external_id' ? form : kindOf(text), MOST_KINDS);
      }
      if (form === '') continue;
      count(forms.all, form, MOST_FORMS);
      if (says > 0 && fields.length === width && forms.ofMembers.size < MOST_FORMS) forms.ofMembers.add(form);
    }
  }
  const kinds = Object.fromEntries(used.map((column) => [column.field, Object.fromEntries(column.kinds)]));
  return { ...survey, idForms: usualForms(forms), kinds };
}

// More than a column has in practice. What comes after counts as one, so that memory is limited.
const MOST_KINDS = 40;
const MOST_FORMS = 1_000;

function count(counts: Map<string, number>, kind: string, most: number): void {
  const key = counts.has(kind) || counts.size < most ? kind : 'other';
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Rows with more than an id show what ids look like; where there is none, most of the others do. */
function usualForms({ ofMembers, all }: { ofMembers: Set<string>; all: Map<string, number> }): Set<string> {
  if (ofMembers.size > 0) return ofMembers;
  const total = [...all.values()].reduce((sum, times) => sum + times, 0);
  return new Set([...all].filter(([, times]) => times * 3 > total).map(([form]) => form));
}

/** What kind of text a field holds, and nothing of what it says. */
function kindOf(text: string): string {
  if (text.includes('@')) return 'address';
  if (!/[0-9]/.test(text)) return 'letters';
  return /\p{L}/u.test(text) ? 'letters and digits' : 'digits';
}

/** Reads the members out of the file, in portions, in the same way each time. Long runs of broken rows are cut; memory is limited. */
export async function* readMembers(
  portions: AsyncIterable<CsvRecord[]>,
  frame: Frame,
  { idForms }: Pick<FileSurvey, 'idForms'>,
): AsyncGenerator<MemberRecord[]> {
  const { width } = frame.layout;
  let short: CsvRecord[] = [];
  for await (const portion of withoutFrame(portions, frame, () => undefined)) {
    const members: MemberRecord[] = [];
    for (const record of portion) {
      const { line, fields, stray } = record;
      if (!stray && fields.length < width && short.length < LONGEST_RUN) {
        short.push(record);
        continue;
      }
      const fault = stray ? 'stray_quote' : isFooter(fields, frame, idForms) ? 'not_a_member' : undefined;
      members.push(...fillShort(short, frame, idForms), { line, fields, ...(fault && { fault }) });
      short = [];
    }
    yield members;
  }
  yield fillShort(short, frame, idForms);
}

const LONGEST_RUN = 1_000;

/**
 * Records without what is no row: blank ones, the header and what is above it, lines of dashes under a header, and the header
 * where it stands again because two exports were put together.
 */
async function* withoutFrame(portions: AsyncIterable<CsvRecord[]>, frame: Frame, seeHeader: (line: number) => void) {
  const isHeader = createHeaderFinder(frame);
  let seen = 0;
  for await (const portion of portions) {
    const rows: CsvRecord[] = [];
    for (const record of portion) {
      seen += 1;
      if (seen <= frame.header.records || isBlank(record.fields) || isSeparatorLine(record.fields, frame.delimiter))
        continue;
      if (isRuler(record.fields)) continue;
      if (isHeader(record)) seeHeader(record.line);
      else rows.push(trimWide(record, frame.layout.width));
    }
    yield rows;
  }
}

/** `-----;-----`, which database tools print under a header. */
function isRuler(fields: string[]): boolean {
  const first = fields[0] ?? '';
  return /^[-=_+]{3,}$/.test(first) && fields.every((field) => field === '' || /^[-=_+]+$/.test(field));
}

function createHeaderFinder({ header, layout }: Frame): (record: CsvRecord) => boolean {
  const names = header.names.map(foldName);
  const used = Object.values(layout.positions);
  const id = names[layout.positions.external_id ?? -1] ?? '';
  return ({ line, fields }) => {
    // Few fields are as long as the id's name, so few have to be looked at.
    if (!fields.some((field) => field.length >= id.length && field.length < id.length + 8 && foldName(field) === id))
      return false;
    const folded = fields.map(foldName);
    if (used.every((at) => folded[at] === names[at])) return true;
    const others = used.filter((at) => folded.includes(names[at] ?? '')).length;
    if (others < 2) return false;
    throw new ImportError(
      'header_unusable',
      `a second header, on line ${line}, has other columns, or has them in another order; import the two parts as two files`,
    );
  };
}

/** Delimiters at the end that the header has not are no fields. */
function trimWide(record: CsvRecord, width: number): CsvRecord {
  if (record.fields.length <= width || !isBlank(record.fields.slice(width))) return record;
  return { ...record, fields: record.fields.slice(0, width) };
}

/** A sum, a date of printing, `(3 rows affected)`: words where the id should be, unlike every member's, and no other words. */
function isFooter(fields: string[], { layout }: Frame, idForms: Set<string>): boolean {
  const at = layout.positions.external_id ?? -1;
  const id = cleanId(fields[at] ?? '');
  if (!/\p{L}/u.test(id) || idForms.has(idForm(id))) return false;
  if (/[^\p{L}.]/u.test(id) && !/[\s:()]/.test(id)) return false;
  return fields.every((field, place) => place === at || /^[\s0-9.,:/-]*$/.test(field));
}

/**
 * Rows with fewer fields than the header. Spreadsheets leave out delimiters at the end of rows whose last columns are empty, so
 * what is missing is empty; a line break within a field, without quotes, leaves two rows that are short, which nobody can put together.
 */
function fillShort(run: CsvRecord[], frame: Frame, idForms: Set<string>): MemberRecord[] {
  const { width, positions } = frame.layout;
  const idAt = positions.external_id ?? -1;
  const isMember = run.map(({ fields }) => {
    return (fields.length > 1 || width === 2) && idForms.has(idForm(cleanId(fields[idAt] ?? '')));
  });
  const broken = piecesOfRows(
    run.map(({ fields }) => fields.length),
    isMember,
    width,
  );
  return run.map(({ line, fields }, at) => {
    // The judge rejects what is not filled, for the number of its fields.
    if (broken.has(at)) return { line, fields };
    if (isMember[at]) return { line, fields: [...fields, ...Array<string>(width - fields.length).fill('')] };
    return { line, fields, ...(isFooter(fields, frame, idForms) && { fault: 'not_a_member' as const }) };
  });
}

/** @returns which of some short rows make one of the right width together with those after or before them */
function piecesOfRows(counts: number[], isMember: boolean[], width: number): Set<number> {
  const pieces = new Set<number>();
  for (const at of counts.keys()) {
    if (!isMember[at]) continue;
    const [count = 0, after = 0] = counts.slice(at);
    // Rows of one block of a spreadsheet are short by the same number of fields.
    if (isMember[at + 1] && count + after === width + 1 && count !== after) pieces.add(at).add(at + 1);
    let fields = count;
    for (let next = at + 1; next < counts.length && !isMember[next]; next += 1) {
      fields += (counts[next] ?? 0) - 1;
      if (fields !== width) continue;
      for (let piece = at; piece <= next; piece += 1) pieces.add(piece);
    }
  }
  return pieces;
}
