import type { Context } from '../context.ts';
import { drawFlames } from '../flame/draw.ts';
import { recordFlames } from '../flame/record.ts';
import { bareInsert, throughTheDoor } from '../peers.ts';
import { settleIn } from '../settle-in.ts';
import { addBenchMembers, addBenchOrganization, loginOf } from '../world.ts';
import { memberIds } from './decisions.ts';

const CLIENTS = 8;
const MEMBERS = 1_000;
// Nobody's number is filled twice.
const TO_FILL = 40_000;

export type Flames = { id: string; svg: string };

/** Where the server's CPU goes in a bare insert, a `confirmed` and a `filled` decision, as pictures. */
export async function measureFlames(context: Context): Promise<Flames[]> {
  const { pool, url, urls } = context.cluster;
  const known = await addBenchOrganization(pool, 'flames-known');
  await addBenchMembers(pool, known, [0, MEMBERS], { withNumber: true });
  const gaps = await addBenchOrganization(pool, 'flames-gaps');
  await addBenchMembers(pool, gaps, [0, TO_FILL], { withNumber: false });
  const through = (login: (nth: number) => unknown[]) => ({
    url: urls.auth_callback,
    clients: CLIENTS,
    operation: throughTheDoor(login),
  });
  const insert = { url, clients: CLIENTS, operation: bareInsert(known, await memberIds(context, known)) };
  const confirmed = through((nth) => loginOf(known, 1 + (nth % MEMBERS)));
  const filled = through((nth) => loginOf(gaps, 1 + nth));
  await settleIn(pool, [insert, confirmed, through((nth) => loginOf(gaps, TO_FILL - nth))], context.size.warmUpSeconds);
  const flames: Flames[] = [];
  for (const [id, title, load] of [
    ['flame-insert', 'A bare insert', insert],
    ['flame-confirmed', 'Decision confirmed', confirmed],
    ['flame-filled', 'Decision filled', filled],
  ] as const) {
    flames.push({ id, svg: drawFlames(title, await recordFlames(context.cluster, load)) });
  }
  return flames;
}
