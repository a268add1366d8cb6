import type { Node } from 'libpg-query';
import { alterTable, constraintsOf } from './alter-table.ts';
import {
  briefly,
  type Effect,
  isOfLogin,
  type Kind,
  nameOf,
  type Of,
  type Surroundings,
  slowly,
  unnoticed,
  words,
} from './effect.ts';

type Judge<Name extends Kind> = (fields: Of<Name>, about: Surroundings) => Effect[] | undefined;

const IN_BATCHES =
  'In batches: a migration with `-- migrate:up transaction:false`, and in it one `do` block that changes a thousand rows, commits, and goes on until none is left (CONTRIBUTING.md). Or a job of the worker, as `npm run keys:rotate` has one.';
const CONCURRENTLY =
  'A migration of its own whose first line is `-- migrate:up transaction:false`, and in it nothing but `create index concurrently if not exists …`.';

/** Kinds of statement that our migrations use. What is missing here is refused until somebody has looked up what it locks. */
const JUDGES: { [Name in Kind]?: Judge<Name> } = {
  AlterDefaultPrivilegesStmt: () => [unnoticed('alters default privileges')],
  AlterDomainStmt: ({ subtype, typeName, def }) => {
    const object = words(typeName).join('.');
    const valid = subtype === 'C' && def && 'Constraint' in def && def.Constraint.skip_validation !== true;
    if (!valid && !['V', 'O'].includes(subtype ?? '')) return [unnoticed('alters type', object)];
    return [
      slowly(
        'checks all rows with type',
        object,
        true,
        'Add the check to the tables instead, each `not valid` first and validated in a migration after it.',
      ),
    ];
  },
  AlterEnumStmt: ({ typeName, newVal = '' }) => [unnoticed('adds value', `${newVal} to ${words(typeName).join('.')}`)],
  AlterFunctionStmt: () => [unnoticed('alters function')],
  AlterOwnerStmt: ({ relation }, about) => [ofTable('gives away', nameOf(relation), about)],
  AlterPolicyStmt: ({ table, policy_name }, about) => [ofTable('alters policy', nameOf(table), about, policy_name)],
  AlterTableStmt: ({ relation, cmds = [], objtype }, about) => {
    const name = nameOf(relation);
    if (objtype !== 'OBJECT_TABLE') return [unnoticed(`alters ${objectName(objtype)}`, name)];
    return all(cmds.map((node) => ('AlterTableCmd' in node ? alterTable(node.AlterTableCmd, name, about) : undefined)));
  },
  CommentStmt: () => [unnoticed('comments')],
  CompositeTypeStmt: ({ typevar }) => [unnoticed('creates type', nameOf(typevar))],
  CreateDomainStmt: ({ domainname }) => [unnoticed('creates type', words(domainname).join('.'))],
  CreateEnumStmt: ({ typeName }) => [unnoticed('creates type', words(typeName).join('.'))],
  CreateFunctionStmt: ({ funcname }) => [unnoticed('creates function', words(funcname).join('.'))],
  CreatePolicyStmt: ({ table, policy_name }, about) => [ofTable('creates policy', nameOf(table), about, policy_name)],
  CreateSchemaStmt: ({ schemaname = '' }) => [unnoticed('creates schema', schemaname)],
  CreateSeqStmt: ({ sequence }) => [unnoticed('creates sequence', nameOf(sequence))],
  CreateStmt: ({ relation, tableElts = [] }, about) => {
    const name = nameOf(relation);
    about.newTables.add(name);
    const nested = tableElts.flatMap((node) => ('ColumnDef' in node ? (node.ColumnDef.constraints ?? []) : [node]));
    const referred = constraintsOf(nested).map(({ pktable }) => nameOf(pktable));
    return [
      briefly(
        'creates table',
        name,
        referred.some((table) => isOfLogin(table, about)),
      ),
    ];
  },
  CreateTrigStmt: ({ relation, trigname }, about) => [ofTable('creates trigger', nameOf(relation), about, trigname)],
  DeleteStmt: ({ relation }, about) => [rows('deletes rows of', nameOf(relation), about)],
  DropStmt: ({ removeType, objects = [], concurrent }, about) =>
    objects.map((node) => drop(removeType, node, concurrent === true, about)),
  GrantRoleStmt: () => [unnoticed('grants')],
  GrantStmt: () => [unnoticed('grants')],
  IndexStmt: ({ relation, idxname = '', concurrent, unique }, about) => {
    const table = nameOf(relation);
    const [verb, object] = [`creates ${unique ? 'unique ' : ''}index`, `${idxname} on ${table}`];
    if (concurrent) return [{ ...unnoticed(`${verb} concurrently`, object), slow: true }];
    return [
      about.newTables.has(table)
        ? unnoticed(verb, object)
        : slowly(verb, object, isOfLogin(table, about), CONCURRENTLY),
    ];
  },
  InsertStmt: ({ relation, selectStmt }) => {
    const values = selectStmt && 'SelectStmt' in selectStmt && selectStmt.SelectStmt.fromClause === undefined;
    return [{ ...unnoticed('inserts into', nameOf(relation)), slow: !values }];
  },
  LockStmt: ({ relations = [] }) => [
    slowly(
      'locks',
      relationsOf(relations).join(', '),
      true,
      'No migration needs to: each statement takes the locks that it needs.',
    ),
  ],
  RenameStmt: ({ relation, newname = '' }, about) => [ofTable('renames', nameOf(relation), about, `to ${newname}`)],
  TruncateStmt: ({ relations = [] }, about) => relationsOf(relations).map((table) => ofTable('empties', table, about)),
  UpdateStmt: ({ relation }, about) => [rows('changes rows of', nameOf(relation), about)],
  ViewStmt: ({ view }) => [unnoticed('creates view', nameOf(view))],
};

/** @returns undefined where nobody has said yet what a statement of this kind locks */
export function judgeStatement(statement: Node, about: Surroundings): Effect[] | undefined {
  const [[kind, fields] = []] = Object.entries(statement) as [Kind, never][];
  return kind === undefined ? undefined : JUDGES[kind]?.(fields as never, about);
}

/** Roles and settings that last for the transaction. */
export function isSetting(statement: Node): boolean {
  return 'VariableSetStmt' in statement;
}

function all(lists: (Effect[] | undefined)[]): Effect[] | undefined {
  return lists.includes(undefined) ? undefined : lists.flatMap((list) => list ?? []);
}

function ofTable(verb: string, table: string, about: Surroundings, name = ''): Effect {
  return briefly(
    verb,
    [name, table].filter(Boolean).join(name.startsWith('to ') ? ' ' : ' on '),
    isOfLogin(table, about),
  );
}

/** Rows stay locked until the transaction ends. */
function rows(verb: string, table: string, about: Surroundings): Effect {
  return about.newTables.has(table) ? unnoticed(verb, table) : slowly(verb, table, isOfLogin(table, about), IN_BATCHES);
}

function relationsOf(nodes: readonly Node[]): string[] {
  return nodes.flatMap((node) => ('RangeVar' in node ? [nameOf(node.RangeVar)] : []));
}

const objectName = (type: string | undefined) => (type ?? '').replace('OBJECT_', '').toLowerCase();

/** A table takes its foreign keys with it, and an index is its table's: both may be of a table that logins need. */
function drop(type: Of<'DropStmt'>['removeType'], node: Node, concurrent: boolean, about: Surroundings): Effect {
  const items = 'List' in node ? words(node.List.items) : 'TypeName' in node ? words(node.TypeName.names) : [];
  const named = 'ObjectWithArgs' in node ? words(node.ObjectWithArgs.objname) : items;
  const [verb, object] = [`drops ${objectName(type)}`, named.join('.')];
  if (type === 'OBJECT_TRIGGER' || type === 'OBJECT_POLICY') {
    return briefly(
      verb,
      `${named.at(-1)} on ${named.slice(0, -1).join('.')}`,
      isOfLogin(named.slice(0, -1).join('.'), about),
    );
  }
  if (type === 'OBJECT_INDEX' && concurrent) return { ...unnoticed(`${verb} concurrently`, object), slow: true };
  return briefly(verb, object, (type === 'OBJECT_TABLE' || type === 'OBJECT_INDEX') && !about.newTables.has(object));
}
