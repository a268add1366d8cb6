import { asList, asNode, type Node, type Value } from './node-tree.ts';

/** What the table behind a view says of a column. Key: `relation oid.attribute number`. */
export type BaseColumns = ReadonlyMap<string, { notNull: boolean; comment: string | null }>;

export type Trace = {
  /** True only where it is plain: a NOT NULL column that no outer join can empty, a count, a coalesce with such an end. */
  notNull: boolean;
  /** COMMENT of the table's column that is passed on unchanged. */
  comment: string | null;
};

const UNKNOWN: Trace = { notNull: false, comment: null };
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
 */
export function traceColumn(query: Node, position: number, base: BaseColumns): Trace {
  const entry = asNode(asList(query.fields.targetList)[position - 1], 'TARGETENTRY');
  return entry === undefined ? UNKNOWN : traceExpression(entry.fields.expr, query, base);
}

function traceExpression(expression: Value | undefined, query: Node, base: BaseColumns): Trace {
  const node = asNode(expression);
  switch (node?.kind) {
    case 'VAR':
      return traceVariable(node, query, base);
    case 'AGGREF':
      return { notNull: COUNTS.includes(String(node.fields.aggfnoid)), comment: null };
    case 'CONST':
      return { notNull: node.fields.constisnull === 'false', comment: null };
    case 'COALESCEEXPR':
      return {
        notNull: asList(node.fields.args).some((each) => traceExpression(each, query, base).notNull),
        comment: null,
      };
    case 'FUNCEXPR':
      // A cast that PostgreSQL put there itself, such as integer to bigint: it has a value when what it casts has one.
      if (node.fields.funcformat !== IMPLICIT_CAST) return UNKNOWN;
      return { notNull: traceExpression(asList(node.fields.args)[0], query, base).notNull, comment: null };
    default:
      return UNKNOWN;
  }
}

function traceVariable({ fields }: Node, query: Node, base: BaseColumns): Trace {
  const table = asNode(asList(query.fields.rtable)[Number(fields.varno) - 1], 'RANGETBLENTRY');
  if (table === undefined || fields.varlevelsup !== '0') return UNKNOWN;
  // Which outer joins may put a null here: `(b)` is none. Before PostgreSQL 16 the tree does not say.
  const alwaysThere = asList(fields.varnullingrels).join() === 'b';
  const found = traceIn(table, Number(fields.varattno), base);
  return { ...found, notNull: found.notNull && alwaysThere };
}

function traceIn({ fields }: Node, position: number, base: BaseColumns): Trace {
  if (fields.rtekind === RELATION) return base.get(`${fields.relid}.${position}`) ?? UNKNOWN;
  const subquery = fields.rtekind === SUBQUERY ? asNode(fields.subquery, 'QUERY') : undefined;
  return subquery === undefined ? UNKNOWN : traceColumn(subquery, position, base);
}
