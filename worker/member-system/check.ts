import type { GuardedFetch } from '../../runtime/guarded-fetch.ts';
import { Failure } from '../failure.ts';
import { sealForReceiver } from '../sealed-numbers.ts';
import type { Authorize } from './authorization.ts';
import { failureOfStatus } from './classify.ts';
import { buildReadUrl, buildRequest } from './request.ts';
import { read } from './send.ts';
import { type HttpMemberSystem, readMemberSystem } from './settings.ts';

/** One thing that was tried. */
export interface Finding {
  readonly what: string;
  /** Null: all right. Otherwise a code of docs/error-codes.md. */
  readonly failure: string | null;
  /** What was seen, e.g. a status, or what is to be done about the failure. Never a secret, a URL or a body. */
  readonly seen?: string;
}

/** What checking needs. */
export interface CheckOptions {
  readonly authorize: Authorize;
  readonly fetch: GuardedFetch;
}

// Nobody's id: a member system answers 404 at most.
const nobody = 'connection-check-nobody';

export async function tryOut(
  what: string,
  action: () => Promise<string | undefined> | string | undefined,
): Promise<Finding> {
  try {
    const seen = await action();
    return { what, failure: null, ...(seen !== undefined && { seen }) };
  } catch (error) {
    return { what, failure: error instanceof Failure ? error.code : 'unexpected_error' };
  }
}

/** A request that changes nothing: a member that does not exist is read, or the address is asked what it can do. */
async function knock(system: HttpMemberSystem, { authorize, fetch }: CheckOptions): Promise<string> {
  const template = system.readUrlTemplate ?? system.urlTemplate;
  const method = system.readUrlTemplate === null ? 'OPTIONS' : 'GET';
  const { header } = await authorize(system.authentication);
  const { signal } = new AbortController();
  const options = { fetch, timeoutMs: system.timeoutMs, signal, authorization: header };
  const { status } = await read(buildReadUrl(template, nobody, null), options, method);
  const isRedirect = status >= 300 && status < 400;
  if (status === 401 || status === 403 || status >= 500 || isRedirect) throw new Failure(failureOfStatus(status));
  // A 404 looks the same with and without credentials.
  return status < 300
    ? `${method} answered ${status}`
    : `${method} answered ${status}: the first push will tell if it takes them`;
}

function withVariable({ authentication }: HttpMemberSystem, finding: Finding): Finding {
  if (finding.failure !== 'secret_missing' || authentication.kind === 'none') return finding;
  return { ...finding, seen: `the variable ${authentication.secretEnv} is not set here` };
}

async function checkHttp(system: HttpMemberSystem, options: CheckOptions): Promise<Finding[]> {
  return [
    await tryOut('the request can be built', () => {
      buildRequest(system, {
        pushId: 'check',
        madeAt: new Date().toISOString(),
        externalId: nobody,
        personnummer: null,
      });
      return system.method;
    }),
    withVariable(
      system,
      await tryOut('our credentials are there', async () => {
        await options.authorize(system.authentication);
        return system.authentication.kind;
      }),
    ),
    await tryOut('the member system can be reached and does not refuse our credentials', () => knock(system, options)),
  ];
}

/**
 * Tries an organisation's member system without changing anything in it.
 *
 * @param row the row of `sync.member_systems` as JSON; null where there is none
 * @returns what was tried, in order; what comes after a failure that makes it pointless is left out
 */
export async function checkMemberSystem(row: unknown, options: CheckOptions): Promise<Finding[]> {
  const isFile = typeof row === 'object' && row !== null && Reflect.get(row, 'kind') === 'file';
  if (isFile) return [await checkReceiver(Reflect.get(row, 'receiver_key'))];
  const settings = await tryOut('the row is complete', () => readMemberSystem(row).kind);
  if (settings.failure !== null) return [settings];
  const system = readMemberSystem(row);
  if (system.kind === 'http') return [settings, ...(await checkHttp(system, options))];
  return system.receiverKey === null ? [settings] : [settings, await checkReceiver(system.receiverKey)];
}

async function checkReceiver(receiverKey: unknown): Promise<Finding> {
  return await tryOut("the receiver's key can be used", async () => {
    await sealForReceiver(receiverKey, 'check');
    return undefined;
  });
}

/** Prints a line for each. @returns whether all is well */
export function tellFindings(findings: readonly Finding[]): boolean {
  for (const { what, failure, seen } of findings) {
    const more = seen === undefined ? '' : ` (${seen})`;
    console.log(failure === null ? `ok      ${what}${more}` : `failed  ${what}: ${failure}${more}`);
  }
  return findings.every(({ failure }) => failure === null);
}
