import { asList, asNode, type Node, type Value } from './node-tree.ts';

/** The NOT NULL columns of tables, as `relation oid.attribute number`. */
export type NotNullColumns = ReadonlySet<string>;

/** pg_proc oids of count("any") and count(*). */
const COUNTS = ['2147', '2803'];
const IMPLICIT_CAST = '2';
const RELATION = '0';
const SUBQUERY = '1';

/**
 * Follows a column of a view to where it comes from.
 *
 * @param query node `QUERY` of the view
 * @param position of the column, from 1
 * @returns true only where it is plain: a NOT NULL column that no outer join can empty, a count, a coalesce with such an end
 */
export function isNeverNull(query: Node, position: number, base: NotNullColumns): boolean {
  const entry = asNode(asList(query.fields.targetList)[position - 1], 'TARGETENTRY');
  return entry !== undefined && isExpressionNeverNull(entry.fields.expr, query, base);
}

function isExpressionNeverNull(expression: Value | undefined, query: Node, base: NotNullColumns): boolean {
  const node = asNode(expression);
  switch (node?.kind) {
    case 'VAR':
      return isVariableNeverNull(node, query, base);
    case 'AGGREF':
      return COUNTS.includes(String(node.fields.aggfnoid));
    case 'CONST':
      return node.fields.constisnull === 'false';
    case 'COALESCEEXPR':
      return asList(node.fields.args).some((each) => isExpressionNeverNull(each, query, base));
    case 'FUNCEXPR':
      // A cast that PostgreSQL put there itself, such as integer to bigint: it has a value when what it casts has one.
      return (
        node.fields.funcformat === IMPLICIT_CAST && isExpressionNeverNull(asList(node.fields.args)[0], query, base)
      );
    default:
      return false;
  }
}

function isVariableNeverNull({ fields }: Node, query: Node, base: NotNullColumns): boolean {
  const table = asNode(asList(query.fields.rtable)[Number(fields.varno) - 1], 'RANGETBLENTRY');
  if (table === undefined || fields.varlevelsup !== '0') return false;
  // Which outer joins may put a null here: `(b)` is none. Before PostgreSQL 16 the tree does not say.
  const alwaysThere = asList(fields.varnullingrels).join() === 'b';
  return alwaysThere && isNeverNullIn(table, Number(fields.varattno), base);
}

function isNeverNullIn({ fields }: Node, position: number, base: NotNullColumns): boolean {
  if (fields.rtekind === RELATION) return base.has(`${fields.relid}.${position}`);
  const subquery = fields.rtekind === SUBQUERY ? asNode(fields.subquery, 'QUERY') : undefined;
  return subquery !== undefined && isNeverNull(subquery, position, base);
}
