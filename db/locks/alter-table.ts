import type { AlterTableCmd, AlterTableType, Constraint, Node } from 'libpg-query';
import {
  briefly,
  type Effect,
  isOfLogin,
  nameOf,
  type Of,
  type Surroundings,
  slowly,
  unnoticed,
  words,
} from './effect.ts';

const IN_BATCHES =
  'Add a new column, fill it in batches (a migration with transaction:false and a do block that commits after each), let the functions use it, and drop the old one in a later release.';
const CONSTRAINT_STEPS =
  'Write `add constraint … not valid`, and `validate constraint …` in a migration after it: that reads the table while logins go on.';
const INDEX_FIRST =
  'First a migration with transaction:false and `create unique index concurrently if not exists …`, then `add constraint … unique using index …`.';

/** They change the catalogue and look at no row. */
const QUICK = new Set<AlterTableType | undefined>([
  ...([
    'AT_ColumnDefault',
    'AT_DropNotNull',
    'AT_SetStatistics',
    'AT_SetOptions',
    'AT_ResetOptions',
    'AT_SetStorage',
  ] as const),
  ...(['AT_SetCompression', 'AT_DropColumn', 'AT_DropConstraint', 'AT_AlterConstraint', 'AT_ChangeOwner'] as const),
  ...([
    'AT_SetRelOptions',
    'AT_ResetRelOptions',
    'AT_EnableTrig',
    'AT_EnableAlwaysTrig',
    'AT_EnableReplicaTrig',
  ] as const),
  ...(['AT_DisableTrig', 'AT_EnableRowSecurity', 'AT_DisableRowSecurity', 'AT_ForceRowSecurity'] as const),
  ...([
    'AT_NoForceRowSecurity',
    'AT_SetIdentity',
    'AT_DropIdentity',
    'AT_DropExpression',
    'AT_ReplicaIdentity',
  ] as const),
]);

/** One command of an `alter table`. @returns undefined where nobody has said yet what it locks */
export function alterTable(command: AlterTableCmd, table: string, about: Surroundings): Effect[] | undefined {
  const locks = isOfLogin(table, about);
  const { subtype, def, name = '' } = command;
  const verb = (subtype ?? '')
    .replace('AT_', '')
    .replace(/(?<!^)([A-Z])/g, ' $1')
    .toLowerCase();
  if (QUICK.has(subtype)) return [briefly(`alters table (${verb})`, `${table} ${name}`.trim(), locks)];
  if (subtype === 'AT_AddColumn' && def && 'ColumnDef' in def) return addColumn(def.ColumnDef, table, about);
  if (subtype === 'AT_AddConstraint' && def && 'Constraint' in def) return addConstraint(def.Constraint, table, about);
  if (subtype === 'AT_ValidateConstraint')
    return [{ ...unnoticed('validates constraint', `${name} of ${table}`), slow: true }];
  if (subtype === 'AT_SetNotNull') {
    if (about.withoutNulls.has(`${table}.${name}`)) return [briefly('forbids null in', `${table}.${name}`, locks)];
    return [
      slow(
        'forbids null in',
        `${table}.${name}`,
        table,
        about,
        `First \`add constraint … check (${name} is not null) not valid\`, then a migration that validates it, then this: it then trusts the check.`,
      ),
    ];
  }
  if (subtype === 'AT_AlterColumnType')
    return [slow('changes the type of', `${table}.${name}`, table, about, IN_BATCHES)];
  return undefined;
}

/** Of a table that is new, nothing is slow. */
function slow(verb: string, object: string, table: string, about: Surroundings, instead: string): Effect {
  if (about.newTables.has(table)) return unnoticed(verb, object);
  return slowly(verb, object, isOfLogin(table, about), instead);
}

function addColumn(column: Of<'ColumnDef'>, table: string, about: Surroundings): Effect[] {
  const object = `${column.colname} to ${table}`;
  const constraints = constraintsOf(column.constraints);
  const of = (type: Constraint['contype']) => constraints.find(({ contype }) => contype === type);
  const value = of('CONSTR_DEFAULT')?.raw_expr;
  const effects = [briefly('adds column', object, isOfLogin(table, about))];
  const add = (verb: string, instead: string) => effects.push(slow(verb, object, table, about, instead));
  if (value !== undefined && !isSameForAll(value))
    add(
      'adds column with a value for each row',
      `Add it without a default, set the default after that, and fill the rows in batches. ${IN_BATCHES}`,
    );
  if (of('CONSTR_IDENTITY') || of('CONSTR_GENERATED')) add('adds column that is computed for each row', IN_BATCHES);
  if (of('CONSTR_NOTNULL') && value === undefined && !of('CONSTR_IDENTITY') && !of('CONSTR_GENERATED'))
    add(
      'adds column that must have a value and has none',
      'Give it a default that is the same for all rows, or add it without `not null` first.',
    );
  if (of('CONSTR_CHECK')) add('adds column with a check', `Add the column, then the check. ${CONSTRAINT_STEPS}`);
  if (of('CONSTR_UNIQUE') || of('CONSTR_PRIMARY'))
    add('adds column with an index', `Add the column, then the index. ${INDEX_FIRST}`);
  if (about.domains.has(words(column.typeName?.names).join('.')))
    add('adds column of a type with a check', `Make it a text, and add the check after it. ${CONSTRAINT_STEPS}`);
  const foreign = of('CONSTR_FOREIGN');
  if (foreign !== undefined) {
    effects.push(briefly('refers to', nameOf(foreign.pktable), isOfLogin(nameOf(foreign.pktable), about)));
    if (value !== undefined)
      add('adds column with a foreign key and a value', `Add the column, then the key. ${CONSTRAINT_STEPS}`);
  }
  return effects;
}

export function constraintsOf(nodes: readonly Node[] | undefined): Constraint[] {
  return (nodes ?? []).flatMap((node) => ('Constraint' in node ? [node.Constraint] : []));
}

/** A value that PostgreSQL works out once and keeps beside the table, instead of writing it into every row. */
function isSameForAll(value: Node): boolean {
  if ('A_Const' in value || 'SQLValueFunction' in value) return true;
  if ('TypeCast' in value) return value.TypeCast.arg !== undefined && isSameForAll(value.TypeCast.arg);
  if ('A_ArrayExpr' in value) return (value.A_ArrayExpr.elements ?? []).every(isSameForAll);
  return 'FuncCall' in value && words(value.FuncCall.funcname).at(-1) === 'now';
}

function addConstraint(constraint: Constraint, table: string, about: Surroundings): Effect[] {
  const { contype, conname = '', skip_validation = false, indexname } = constraint;
  const object = `${conname} to ${table}`.trim();
  const referred = nameOf(constraint.pktable);
  const locks = isOfLogin(table, about) || isOfLogin(referred, about);
  if (contype === 'CONSTR_CHECK' || contype === 'CONSTR_FOREIGN') {
    const verb = contype === 'CONSTR_CHECK' ? 'adds check' : 'adds foreign key';
    if (skip_validation || about.newTables.has(table)) return [briefly(verb, object, locks)];
    return [slowly(verb, object, locks, CONSTRAINT_STEPS)];
  }
  if (indexname !== undefined) return [briefly('makes a constraint of index', `${indexname} of ${table}`, locks)];
  return [slow('adds constraint', object, table, about, contype === 'CONSTR_NOTNULL' ? CONSTRAINT_STEPS : INDEX_FIRST)];
}
