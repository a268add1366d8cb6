import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fileSchema } from './file-schema.ts';

/**
 * `npm run configure:schema`: writes what follows from `file-schema.ts`: the JSON Schema by which editors complete and check the file, and
 * the tables of docs/configuration.md.
 */
const SCHEMA = join(import.meta.dirname, 'schema.json');
const PAGE = join(import.meta.dirname, '..', 'docs', 'configuration.md');
const BETWEEN = /(<!-- columns -->\n)[\s\S]*(\n<!-- end of columns -->)/;

type Described = {
  description?: string;
  type?: string;
  enum?: string[];
  examples?: string[];
  items?: Described;
  properties?: Record<string, Described>;
  required?: string[];
};

/** JSON Schema (2020-12) of the file. */
export function jsonSchema(): Described {
  return z.toJSONSchema(fileSchema, { io: 'input', unrepresentable: 'any' }) as Described;
}

/** The tables of the page, one for each kind of row. */
export function describeColumns(): string {
  const organization = jsonSchema().properties?.organizations?.items ?? {};
  const { providers, member_system, issuer, apps, coordinators } = organization.properties ?? {};
  const rows = ['providers', 'member_system', 'issuer', 'apps', 'coordinators'];
  return [
    table('An organisation', organization),
    table('A provider', providers?.properties?.vipps ?? {}, providers?.description),
    table('The member system', member_system ?? {}, member_system?.description),
    table('The issuer of invoices', issuer ?? {}, issuer?.description),
    table('An app', apps?.items ?? {}, apps?.description),
    table('A coordinator', coordinators?.items ?? {}, coordinators?.description),
  ].join('\n\n');

  function table(title: string, { properties = {}, required = [] }: Described, description = ''): string {
    const lines = Object.entries(properties)
      .filter(([name]) => title !== 'An organisation' || !rows.includes(name))
      .map(
        ([name, of]) =>
          `| \`${name}\`${required.includes(name) ? ' (needed)' : ''} | ${of.description ?? ''} | ${valueText(of)} |`,
      );
    return [
      `### ${title}`,
      '',
      ...(description === '' ? [] : [description, '']),
      '| name | what | value |',
      '| --- | --- | --- |',
      ...lines,
    ].join('\n');
  }
}

function valueText({ type, enum: words, examples, items }: Described): string {
  if (words !== undefined) return words.map((word) => `\`${word}\``).join(', ');
  if (type === 'array') return `a list${items?.enum === undefined ? '' : ` of ${valueText(items)}`}`;
  const kind =
    type === 'boolean'
      ? '`true` or `false`'
      : type === 'integer'
        ? 'a whole number'
        : type === 'object'
          ? 'names and values'
          : 'text';
  return examples === undefined ? kind : `such as \`${examples[0]}\``;
}

if (import.meta.main) {
  await writeFile(SCHEMA, `${JSON.stringify(jsonSchema(), null, 2)}\n`);
  const page = await readFile(PAGE, 'utf8');
  await writeFile(
    PAGE,
    page.replace(BETWEEN, (_, before, after) => `${before}\n${describeColumns()}\n${after}`),
  );
}
