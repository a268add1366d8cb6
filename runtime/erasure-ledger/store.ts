import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
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

function openFile(path: string): LedgerStore {
  const read = () => readFile(path, 'utf8');
  return {
    read,
    async append(line) {
      const text = await read();
      // At the end, wherever that is by then: others write too. Not 'a', which would make a file: a ledger that is made by itself would hide
      // that one was lost.
      const file = await open(path, constants.O_WRONLY | constants.O_APPEND);
      try {
        // What was cut off stays, on a line of its own.
        await file.writeFile(`${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
    },
  };
}

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
