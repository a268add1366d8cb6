import type pg from 'pg';
import { fine, note, type Remark } from '../remark.ts';

/** What keeps numbers, and what coordinators search for, out of the server's log (SECURITY.md). */
const wanted: Record<string, string> = {
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  log_error_verbosity: 'terse',
};
/** What decides how often the above matters. */
const told = ['log_statement', 'log_min_duration_statement', 'log_min_error_statement'];

/** What the server writes into its log: a project cannot change it. */
export async function checkLogSettings(client: pg.Client): Promise<Remark[]> {
  const { rows } = await client.query<{ name: string; value: string }>(
    'select n.name, current_setting(n.name) as value from unnest($1::text[]) with ordinality as n(name, nth) order by n.nth',
    [[...Object.keys(wanted), ...told]],
  );
  return rows.map(({ name, value }) => {
    if (wanted[name] === undefined || wanted[name] === value) return fine(`${name} is ${value}.`);
    return note(
      `${name} is ${value}, and ${wanted[name]} would be safer: cannot be changed here. Restrict who may read the project's logs.`,
    );
  });
}
