import { readFile } from 'node:fs/promises';
import { appendLine } from '../append-line.ts';
import type { Deployment } from '../deployment.ts';
import { createGuardedFetch } from '../guarded-fetch.ts';

/** Where a ledger is kept: a file, or an https address. */
export type LedgerSetting = { path: string } | { url: string; token: string | undefined };

/** Text at the end of which lines are added, and nothing else is done. */
export type LedgerStore = {
  /** The whole text; throws where it cannot be read, also where there is none yet. */
  read(): Promise<string>;
  /** Returns when the line is kept for good. */
  append(line: string): Promise<void>;
};

// Some hundred bytes for each erasure.
const longestLedgerBytes = 64 * 1024 * 1024;
const timeoutMs = 10_000;

export function openStore(setting: LedgerSetting, deployment: Deployment): LedgerStore {
  return 'path' in setting ? openFile(setting.path) : openAddress(setting, deployment);
}

/** It is never made here: a ledger that is made by itself would hide that one was lost. */
const openFile = (path: string): LedgerStore => ({
  read: () => readFile(path, 'utf8'),
  append: (line) => appendLine(path, line, { create: false }),
});

/** `GET` answers the whole ledger, `POST` adds the line of its body. */
function openAddress({ url, token }: { url: string; token: string | undefined }, deployment: Deployment): LedgerStore {
  const fetch = createGuardedFetch({ deployment, timeoutMs, maxBytes: longestLedgerBytes });
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  async function ask(init: { method: string; body?: string; headers?: Record<string, string> }): Promise<string> {
    const response = await fetch(url, { ...init, headers: { ...headers, ...init.headers } });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return response.text();
  }
  return {
    read: () => ask({ method: 'GET' }),
    async append(line) {
      await ask({ method: 'POST', body: `${line}\n`, headers: { 'content-type': 'application/x-ndjson' } });
    },
  };
}
