/** A node of a parsed query, as PostgreSQL keeps views in `pg_rewrite.ev_action`: `{VAR :varno 1 :varattno 2 ...}`. */
export type Node = { readonly kind: string; readonly fields: Readonly<Record<string, Value>> };
/** Lists, bitmap sets and sequences of words are arrays; words stay text, `<>` (nothing) is null. */
export type Value = Node | string | null | readonly Value[];

type Token = { readonly text: string; readonly quoted: boolean };

/** Braces, brackets, quoted text, or a word; a backslash takes the next character as it is (`src/backend/nodes/read.c`). */
const TOKENS = /[{}()]|"(?:\\[\s\S]|[^"\\])*"|(?:\\[\s\S]|[^\s{}()"\\])+/g;

/** @param text a `pg_node_tree`. @throws Error when it is no complete one */
export function parseNodeTree(text: string): Value {
  const tokens = (text.match(TOKENS) ?? []).map((word): Token => {
    const quoted = word.startsWith('"');
    return { quoted, text: (quoted ? word.slice(1, -1) : word).replace(/\\([\s\S])/g, '$1') };
  });
  let at = 0;
  const next = (): Token => {
    const token = tokens[at];
    if (token === undefined) throw new Error('the node tree ends too early');
    at += 1;
    return token;
  };
  const until = (end: string): Value[] => {
    const values: Value[] = [];
    while (tokens[at]?.text !== end) values.push(value());
    at += 1;
    return values;
  };
  const value = (): Value => {
    const token = next();
    if (token.quoted) return token.text;
    if (token.text === '(') return until(')');
    if (token.text === '{') return toNode(next().text, until('}'));
    return token.text === '<>' ? null : token.text;
  };
  return value();
}

/** `:name` begins a field; most have one value, a constant's bytes have several. */
function toNode(kind: string, words: Value[]): Node {
  const fields: Record<string, Value> = {};
  let name: string | undefined;
  let values: Value[] = [];
  const finish = () => {
    if (name !== undefined) fields[name] = values.length === 1 ? (values[0] as Value) : values;
  };
  for (const word of words) {
    if (typeof word === 'string' && /^:[a-z_]+$/i.test(word)) {
      finish();
      [name, values] = [word.slice(1), []];
    } else values.push(word);
  }
  finish();
  return { kind, fields };
}

/** The node itself, when it is one of that kind. */
export function asNode(value: Value | undefined, kind?: string): Node | undefined {
  if (value === null || value === undefined || typeof value === 'string' || !('kind' in value)) return undefined;
  return kind === undefined || value.kind === kind ? value : undefined;
}

/** The members of a list; nothing is an empty one. */
export function asList(value: Value | undefined): readonly Value[] {
  return Array.isArray(value) ? value : [];
}
