import { ARGUMENTS, COLUMNS, type DeclaredType, REPLIES, TYPES } from './declared.ts';
import type { Api, ApiFunction, Column, Enum, Refusal, SqlType, View } from './read-api.ts';

/** As PostgREST writes them into JSON. */
const PRIMITIVES: Record<string, string> = {
  bool: 'boolean',
  int2: 'number',
  int4: 'number',
  int8: 'number',
  float8: 'number',
  numeric: 'number',
  text: 'string',
  uuid: 'string',
  date: 'string',
  timestamptz: 'string',
  json: 'Json',
  jsonb: 'Json',
};

const HEAD = `/**
 * The types of schema \`api\`, for supabase-js: \`createClient<Database, 'api'>(url, key, { db: { schema: 'api' } })\`.
 *
 * Written by \`npm run db:types\` from the database's catalogs; do not edit. The file stands alone: copy it into an app.
 */

export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

/** The values of an enum, by its name. */
export type Enum<Name extends keyof Database['api']['Enums']> = Database['api']['Enums'][Name];

/** A row of a view, by its name. */
export type Row<Name extends keyof Database['api']['Views']> = Database['api']['Views'][Name]['Row'];

/** The decisions that \`resolve_conflict\` takes; the others come about by \`link_login\` and \`retry_sync\`. */
export type Decision = Exclude<Enum<'decision'>, 'link_login' | 'retry_sync'>;
`;

const REFUSAL_TYPES = `
export type RefusalCode = keyof typeof REFUSALS;

/** The body of a refusal. supabase-js hands it over as \`error\`, never as \`data\`. */
export type Refusal = { code: RefusalCode; message: string; details: null; hint: null };

/** The body of an answer over HTTP, whatever its status: for those who call without supabase-js. */
export type Answer<Name extends keyof Database['api']['Functions']> =
  | Database['api']['Functions'][Name]['Returns']
  | Refusal;

/** Whether an error is one of the refusals above, and not a lost connection, an expired token, or a fault. */
export function isRefusal<E extends { code: string }>(error: E | null): error is E & { code: RefusalCode } {
  return error !== null && Object.hasOwn(REFUSALS, error.code);
}
`;

/** @returns text of \`db/api-types.gen.ts\` */
export function writeTypes({ views, functions, enums, refusals }: Api): string {
  const types = enums.filter(({ name }, at) => enums.findIndex((other) => other.name === name) === at);
  if (types.length !== enums.length) throw new Error('two enums have the same name');
  return [
    HEAD,
    ...Object.entries(TYPES).map(([name, type]) => writeDeclared(name, type)),
    writeRefusals(refusals),
    REFUSAL_TYPES,
    'export type Database = {',
    '  api: {',
    '    Tables: { [_ in never]: never };',
    block('Views', views.map(writeView)),
    block('Functions', functions.map(writeFunction)),
    block('Enums', enums.filter((each) => isUsed(each, views)).map(writeEnum)),
    '    CompositeTypes: { [_ in never]: never };',
    '  };',
    '};',
    '',
  ].join('\n');
}

function block(name: string, lines: string[]): string {
  return [`    ${name}: {`, ...lines, '    };'].join('\n');
}

function comment(text: string | null, indent: string): string[] {
  return text === null ? [] : [`${indent}/** ${text.replaceAll('*/', '*\\/')} */`];
}

/** Only what an app can meet: enums of views, and those that only the functions' answers name. */
function isUsed({ name }: Enum, views: View[]): boolean {
  if (name === 'decision' || name === 'conflict_state') return true;
  return views.some(({ columns }) => columns.some(({ type }) => type.enum && type.name === name));
}

function typeOf({ name, array, enum: isEnum }: SqlType): string {
  const type = isEnum ? `Enum<'${name}'>` : PRIMITIVES[name];
  if (type === undefined) throw new Error(`no TypeScript type for SQL type ${name}`);
  return array ? `${type}[]` : type;
}

function writeView({ name, comment: text, columns }: View): string {
  const fields = columns.flatMap((column) => [
    ...comment(column.comment, '          '),
    `          ${column.name}: ${columnType(name, column)};`,
  ]);
  return [
    ...comment(text, '      '),
    `      ${name}: {`,
    '        Row: {',
    ...fields,
    '        };',
    '        Relationships: [];',
    '      };',
  ].join('\n');
}

function columnType(view: string, { name, type, notNull }: Column): string {
  const declared = COLUMNS[`${view}.${name}`] ?? typeOf(type);
  return notNull ? declared : `${declared} | null`;
}

function writeFunction({ name, comment: text, args }: ApiFunction): string {
  const reply = REPLIES[name];
  if (reply === undefined) throw new Error(`api.${name}: declare its answer in db/api-types/declared.ts`);
  const written = (args ?? []).map(
    (each) => `${each.name}${each.optional ? '?' : ''}: ${ARGUMENTS[`${name}.${each.name}`] ?? typeOf(each.type)}`,
  );
  return [
    ...comment(text, '      '),
    `      ${name}: {`,
    `        Args: ${written.length === 0 ? 'Record<PropertyKey, never>' : `{ ${written.join('; ')} }`};`,
    `        Returns: ${reply};`,
    '      };',
  ].join('\n');
}

function writeEnum({ name, comment: text, labels }: Enum): string {
  const quoted = labels.map((label) => `'${label}'`);
  const line = `      ${name}: ${quoted.join(' | ')};`;
  const broken = [`      ${name}:`, ...quoted.map((label) => `        | ${label}`)].join('\n');
  return [...comment(text, '      '), line.length <= 120 ? line : `${broken};`].join('\n');
}

function writeDeclared(name: string, { comment: text, fields }: DeclaredType): string {
  const lines = Object.entries(fields).flatMap(([field, [type, meaning]]) => [
    ...comment(meaning, '  '),
    `  ${field}: ${type};`,
  ]);
  return [...comment(text, ''), `export type ${name} = {`, ...lines, '};', ''].join('\n');
}

function writeRefusals(refusals: Refusal[]): string {
  const lines = refusals.flatMap(({ code, status, message }) => [
    ...comment(message, '  '),
    `  ${code}: { status: ${status} },`,
  ]);
  const head = ['/** Every refusal, with its HTTP status (docs/error-codes.md). */', 'export const REFUSALS = {'];
  return [...head, ...lines, '} as const;'].join('\n');
}
