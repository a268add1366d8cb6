/**
 * The member systems of the local stack: one HTTP server, one member system per organisation under `/{organization}`.
 *
 * `PUT` or `PATCH /{organization}/members/{external_id}/personnummer` takes `{"personnummer": "..."}` (null removes it) with a bearer token
 * and an `Idempotency-Key`. `GET /{organization}/members/{external_id}` is for looking, `GET` and
 * `POST /{organization}/control` with `{"mode": "..."}` for playing; both are open, because it listens on loopback only
 * and holds synthetic numbers.
 */
import { main } from './member-system/main.ts';

export { createMemberSystem, type MemberSystem, type MemberSystemOptions } from './member-system/server.ts';

if (import.meta.main) await main();
