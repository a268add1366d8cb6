import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import type { ZodError, z } from 'zod';
import { ConfigureError } from './errors.ts';
import { type ConfigurationFile, fileSchema } from './file-schema.ts';

type Document = ReturnType<typeof parseDocument>;
type Path = readonly PropertyKey[];
type Fault = { line: number; says: string };

/**
 * @param text YAML 1.2, as `file-schema.ts` describes it
 * @param allowsPlainHttp whether addresses of providers and member systems may be http, as on one machine
 * @throws {ConfigureError} `file_invalid`, with every fault and its line
 */
export function readConfigurationFile(text: string, allowsPlainHttp: boolean): ConfigurationFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  // What is warned of, such as an unknown tag, would be read in another way than it was meant.
  const said = [...document.errors, ...document.warnings];
  if (said.length > 0) {
    throw invalid(said.map(({ message, pos }) => ({ line: lines.linePos(pos[0]).line, says: firstLine(message) })));
  }
  const content = readContent(document);
  const judged = fileSchema.safeParse(content);
  const lineOf = (path: Path) => lines.linePos(offsetOf(document, path)).line;
  const faults = [
    ...(judged.success ? [] : faultsOf(judged.error, lineOf, (path) => document.hasIn(path))),
    ...(allowsPlainHttp
      ? []
      : plainHttp(content).map((path) => ({
          line: lineOf(path),
          says: `${name(path)} must be an https address`,
        }))),
  ];
  if (!judged.success || faults.length > 0) throw invalid(faults);
  return judged.data;
}

/** Aliases (`*name`) may be unknown, multiply without end, or stand within what they stand for. */
function readContent(document: Document): unknown {
  try {
    const content: unknown = document.toJS();
    JSON.stringify(content); // throws where something stands within itself
    return content;
  } catch (error) {
    throw new ConfigureError('file_invalid', 'an alias (*name) names nothing, itself, or far too much', {
      cause: error,
    });
  }
}

function invalid(faults: Fault[]): ConfigureError {
  const ordered = faults.toSorted((one, other) => one.line - other.line);
  return new ConfigureError('file_invalid', ordered.map(({ line, says }) => `line ${line}: ${says}`).join('\n'));
}

function faultsOf(error: ZodError, lineOf: (path: Path) => number, isThere: (path: Path) => boolean): Fault[] {
  return error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({
          line: lineOf([...issue.path, key]),
          says: `${name([...issue.path, key])} is unknown`,
        }))
      : [{ line: lineOf(issue.path), says: `${name(issue.path)} ${sentence(issue, isThere(issue.path))}` }],
  );
}

/** What to write, by what zod expected. */
const FORMS: Partial<Record<string, string>> = {
  array: 'must be a list, such as [one, another]',
  object: 'must be names with their values, such as name: value',
  record: 'must be names with their values, such as name: value',
  string: 'must be text; put it in quotes',
  boolean: 'must be true or false',
  number: 'must be a number',
};

/** zod's sentence where ours has none. */
function sentence(issue: z.core.$ZodIssue, isThere: boolean): string {
  if (issue.code === 'invalid_type' && !isThere) return 'is missing';
  // A rule of ours has a sentence of its own.
  const form = issue.code === 'invalid_type' && issue.message.startsWith('Invalid input') && FORMS[issue.expected];
  if (form) return form;
  if (issue.code === 'too_small' && issue.origin === 'number') return `must be at least ${issue.minimum}`;
  if (issue.code === 'too_big' && issue.origin === 'number') return `must be at most ${issue.maximum}`;
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.join(', ')}`;
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
}

/** `organizations[0].providers.vipps.issuer` */
function name(path: Path): string {
  return (
    path
      .map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at === 0 ? '' : '.'}${String(step)}`))
      .join('') || 'the file'
  );
}

/** Where in the text something stands; of what is missing, where it would belong. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    const pair = isMap(parent) ? parent.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
    const node = pair?.key ?? document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return isNode(document.contents) && document.contents.range ? document.contents.range[0] : 0;
}

/** Addresses that secrets or numbers are sent to. Where an app returns to is the app's own choice. */
const SENT_TO = ['issuer', 'tokeninfo_endpoint', 'url_template', 'read_url_template', 'token_url'];

function plainHttp(value: unknown, path: PropertyKey[] = []): Path[] {
  if (typeof value === 'string') {
    return SENT_TO.includes(String(path.at(-1))) && value.startsWith('http://') ? [path] : [];
  }
  if (typeof value !== 'object' || value === null) return [];
  const entries: [PropertyKey, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return entries.flatMap(([key, inner]) => plainHttp(inner, [...path, key]));
}

const firstLine = (message: string) => message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? message;
