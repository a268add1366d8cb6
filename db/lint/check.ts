import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Rule } from './rules.ts';

export type Finding = { file: string; says: string };

/** Holds files against rules. @param pattern of their paths inside the folder */
export function check(folder: string, pattern: string, rules: Rule[]): Finding[] {
  return globSync(pattern, { cwd: folder }).flatMap((file) => {
    const sql = readFileSync(join(folder, file), 'utf8');
    const name = file.replace(/^.*\//, '').replace(/\.sql$/, '');
    return rules.filter(([, holds]) => !holds(sql, name)).map(([says]) => ({ file: `db/${file}`, says }));
  });
}
