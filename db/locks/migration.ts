/** What a migration does, and whether people who log in wait for it. */
import { type Node, parse } from 'libpg-query';
import type { MigrationFile } from '../migration-files.ts';
import { constraintsOf } from './alter-table.ts';
import { type Effect, nameOf, type Surroundings, words } from './effect.ts';
import { isSetting, judgeStatement } from './statement.ts';

/** How long a login waits: not at all, while a lock is taken and given back, or as long as rows are read or written. */
export type Waiting = 'not at all' | 'a moment' | 'long';

export interface Judgement {
  readonly file: string;
  readonly effects: readonly Effect[];
  readonly waiting: Waiting;
  /** Why it may not be applied while people log in: a sentence each, with how it is done instead. */
  readonly faults: readonly string[];
}

interface Statement {
  readonly line: number;
  readonly node: Node;
}

/** Statements that may stand alone in a migration that is no transaction. */
const ALONE =
  'one `create index concurrently if not exists`, one `drop index concurrently if exists`, or one `do` block that commits after each batch and sets lock_timeout in each';
const ALONE_IN_FILE = 'a migration of its own whose first line is `-- migrate:up transaction:false`.';

/**
 * Judges the migrations that one upgrade brings, in their order.
 *
 * @param earlier those before them, which say which columns have been checked for nulls
 */
export async function judgeMigrations(
  files: readonly MigrationFile[],
  earlier: readonly MigrationFile[],
  loginTables: ReadonlySet<string>,
): Promise<Judgement[]> {
  const history = new History();
  // Parsing all of them takes seconds, and few say anything of that kind.
  for (const file of earlier)
    if (/\bcreate domain\b|\bnot valid\b|\bvalidate constraint\b/i.test(file.up))
      history.learn(await statementsOf(file));
  const newTables = new Set<string>();
  const judgements: Judgement[] = [];
  for (const file of files) {
    const statements = await statementsOf(file);
    const about = { loginTables, newTables, withoutNulls: new Set(history.withoutNulls), domains: history.domains };
    judgements.push(file.inTransaction ? judge(file, statements, about) : judgeAlone(file, statements, about));
    history.learn(statements);
  }
  return judgements;
}

async function statementsOf({ file, up }: MigrationFile): Promise<Statement[]> {
  const bytes = Buffer.from(up);
  const { stmts = [] } = await parse(up).catch((cause: Error) => {
    throw new Error(`${file}: ${cause.message}`, { cause });
  });
  let line = 1;
  let at = 0;
  return stmts.flatMap(({ stmt, stmt_location = 0, stmt_len = bytes.length - stmt_location }) => {
    line += newlines(bytes.subarray(at, stmt_location));
    at = stmt_location;
    // A statement begins after the one before it, with the blank lines and comments between them.
    const text = bytes.subarray(stmt_location, stmt_location + stmt_len).toString();
    const skipped = /^(?:\s|--.*\n)*/.exec(text)?.[0] ?? '';
    return stmt === undefined ? [] : [{ line: line + newlines(Buffer.from(skipped)), node: stmt }];
  });
}

const newlines = (bytes: Buffer) => bytes.reduce((count, byte) => count + (byte === 10 ? 1 : 0), 0);

function judge({ file }: MigrationFile, statements: readonly Statement[], about: Surroundings): Judgement {
  const faults: string[] = [];
  const effects = statements.flatMap(({ line, node }) => {
    if (isSetting(node)) {
      if ('VariableSetStmt' in node && node.VariableSetStmt.name?.endsWith('_timeout'))
        faults.push(
          `line ${line}: sets a time limit. npm run migrate sets lock_timeout for all of them: leave it out.`,
        );
      return [];
    }
    const found = 'DoStmt' in node ? judgeBlock(node, about) : judgeStatement(node, about);
    if (found === undefined) {
      faults.push(`line ${line}: nobody has said yet what ${kindOf(node)} locks: look it up, and say it in db/locks/.`);
      return [];
    }
    if (isConcurrent(node))
      faults.push(`line ${line}: concurrently is not possible in a transaction: ${ALONE_IN_FILE}`);
    for (const { verb, object, locks, slow, instead } of found)
      if (locks && slow) faults.push(`line ${line}: ${verb} ${object}: logins wait until it is done. ${instead}`);
    return found;
  });
  const lock = effects.find(({ locks, slow }) => locks && !slow);
  const long = effects.find(({ locks, slow }) => slow && !locks);
  if (lock && long)
    faults.push(
      `${lock.verb} ${lock.object}, for which logins wait until the transaction ends, and in the same transaction ${long.verb} ${long.object}, which takes long: a migration of its own for each.`,
    );
  const isLong = effects.some(({ locks, slow }) => locks && slow) || (lock && long);
  return { file, effects, faults, waiting: isLong ? 'long' : lock ? 'a moment' : 'not at all' };
}

/** A migration that is no transaction has one statement: several in one message would be a transaction all the same. */
function judgeAlone({ file }: MigrationFile, statements: readonly Statement[], about: Surroundings): Judgement {
  const [statement] = statements;
  const node = statement?.node;
  const effects = node === undefined ? [] : 'DoStmt' in node ? [BATCHES] : (judgeStatement(node, about) ?? []);
  const fits = statements.length === 1 && node !== undefined && mayStandAlone(node);
  const faults = fits ? [] : [`a migration with transaction:false holds ${ALONE}; everything else is a transaction.`];
  return { file, effects, faults, waiting: fits ? 'not at all' : 'long' };
}

const isConcurrent = (node: Node) =>
  ('IndexStmt' in node && node.IndexStmt.concurrent === true) ||
  ('DropStmt' in node && node.DropStmt.concurrent === true);

const BATCHES: Effect = { verb: 'changes rows in batches', object: '', locks: false, slow: true };

function mayStandAlone(node: Node): boolean {
  if ('IndexStmt' in node) return node.IndexStmt.concurrent === true && node.IndexStmt.if_not_exists === true;
  if ('DropStmt' in node) return node.DropStmt.concurrent === true && node.DropStmt.missing_ok === true;
  return 'DoStmt' in node && /\bcommit\s*;/i.test(bodyOf(node)) && /\block_timeout\b/i.test(bodyOf(node));
}

/** A block is not parsed: it is refused where it names a table of a login beside a word that changes something. */
function judgeBlock(node: Extract<Node, { DoStmt: unknown }>, { loginTables, newTables }: Surroundings): Effect[] {
  const body = bodyOf(node);
  const named = [...loginTables].find(
    (table) => !newTables.has(table) && new RegExp(`\\b${table.replace('.', '\\.')}\\b`).test(body),
  );
  const changes = /\b(update|delete|merge|alter|create|drop|lock|truncate|execute)\b/i.test(body);
  const touches = changes && (named !== undefined || /\bexecute\b/i.test(body));
  const instead = `Write its statements outside of a block, where they can be judged; or in batches: transaction:false, and a commit after each.`;
  return [{ verb: 'runs a block', object: named ?? '', locks: touches, slow: touches, ...(touches && { instead }) }];
}

function bodyOf(node: Extract<Node, { DoStmt: unknown }>): string {
  return (node.DoStmt.args ?? [])
    .flatMap((each) =>
      'DefElem' in each && each.DefElem.defname === 'as' && each.DefElem.arg ? words([each.DefElem.arg]) : [],
    )
    .join('\n');
}

const kindOf = (node: Node) => {
  const [kind] = Object.keys(node);
  const commands = 'AlterTableStmt' in node ? (node.AlterTableStmt.cmds ?? []) : [];
  const subtypes = commands.flatMap((each) => ('AlterTableCmd' in each ? [each.AlterTableCmd.subtype] : []));
  return [kind, ...subtypes].join(' ');
};

/** What earlier migrations have made that changes what a later statement costs. */
class History {
  /** Columns that a validated CHECK has found without nulls: `set not null` then reads no row. */
  readonly withoutNulls = new Set<string>();
  /** Types with a check: a column of such a type is checked in every row. */
  readonly domains = new Set<string>();
  readonly #checks = new Map<string, string>();

  learn(statements: readonly Statement[]): void {
    for (const { node } of statements) {
      if ('CreateDomainStmt' in node) this.domains.add(words(node.CreateDomainStmt.domainname).join('.'));
      if (!('AlterTableStmt' in node)) continue;
      const table = nameOf(node.AlterTableStmt.relation);
      for (const each of node.AlterTableStmt.cmds ?? []) {
        if (!('AlterTableCmd' in each)) continue;
        const { subtype, name, def } = each.AlterTableCmd;
        if (subtype === 'AT_AddConstraint' && def) this.#remember(table, constraintsOf([def])[0]);
        const column = this.#checks.get(`${table} ${name}`);
        if (subtype === 'AT_ValidateConstraint' && column !== undefined) this.withoutNulls.add(column);
      }
    }
  }

  #remember(table: string, constraint: ReturnType<typeof constraintsOf>[number] | undefined): void {
    const test = constraint?.raw_expr;
    if (!test || !('NullTest' in test) || test.NullTest.nulltesttype !== 'IS_NOT_NULL') return;
    const { arg } = test.NullTest;
    const column = arg && 'ColumnRef' in arg ? words(arg.ColumnRef.fields).at(-1) : undefined;
    if (column !== undefined) this.#checks.set(`${table} ${constraint?.conname}`, `${table}.${column}`);
  }
}
