import { findFreePort } from '../free-port.ts';

/** One port per server of the stack. */
const names = ['app', 'callback', 'postgrest', 'identityProvider', 'memberSystem', 'workerHealth', 'postgres'] as const;

export type Ports = Record<(typeof names)[number], number>;

/**
 * Free ports, in a row from `first` where they are free, so that addresses usually stay the same.
 *
 * @param first undefined: any
 */
export async function choosePorts(first: number | undefined): Promise<Ports> {
  const chosen: [string, number][] = [];
  for (const [at, name] of names.entries()) {
    chosen.push([name, await findFreePort(first === undefined ? undefined : first + at)]);
  }
  return Object.fromEntries(chosen) as Ports;
}
