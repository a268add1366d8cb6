/** A step of a plan, as `explain (analyze, format json)` tells it. */
export type PlanNode = {
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: PlanNode[];
};

/** @returns how many rows of a table were looked at, shown or not */
export function rowsLookedAt(node: PlanNode, table: string): number {
  const here =
    node['Relation Name'] === table
      ? node['Actual Rows'] * node['Actual Loops'] + (node['Rows Removed by Filter'] ?? 0)
      : 0;
  return (node.Plans ?? []).reduce((sum, each) => sum + rowsLookedAt(each, table), here);
}
