const unreachable = /^(ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ECONNREFUSED|ECONNRESET)$/;
const uncertified = /CERT|SIGNATURE|ISSUER|TLS|SSL/;

/**
 * Why a connection came to nothing, and what to do; without a value of the connection string.
 *
 * @param variable which one has it
 * @param error what node-postgres threw
 */
export function explainConnection(variable: string, error: unknown): string {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : '';
  if (code === 'XX000' && /not found/i.test(message)) {
    return `${variable}: the pooler knows no such project or user. Copy the host from the dashboard (Connect), and write the user as role.PROJECT.`;
  }
  if (/^28/.test(code)) {
    return `${variable}: the database does not accept the user or the password. Set it anew (alter role … password …) and wait a minute before you try again, because ten refusals shut everybody out; where the pooler never takes a role of your own, use the direct connection.`;
  }
  if (code === '3D000') return `${variable}: there is no database of that name. On Supabase it is called postgres.`;
  if (unreachable.test(code)) {
    return `${variable}: the host does not answer (${code}). The direct host has an IPv6 address only: use the pooler in session mode (port 5432), or buy the IPv4 add-on.`;
  }
  if (uncertified.test(code)) {
    return `${variable}: the server's certificate cannot be verified (${code}). Download Supabase's from the dashboard (Database, Settings, SSL Configuration) and name it: sslrootcert=FILE.`;
  }
  return `${variable}: no connection (${code}). Compare it with the dashboard's (Connect).`;
}

/** SQLSTATE, or what the network says; never a message, which may quote values. */
export function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : error instanceof Error ? error.name : 'unexpected_error';
}
