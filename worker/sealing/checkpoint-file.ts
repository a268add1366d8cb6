import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Checkpoint, readCheckpoint } from '../../audit-seal/checkpoint.ts';
import { appendLine } from '../../runtime/append-line.ts';

/** The checkpoints that this worker has signed, kept outside the database: what a backup cannot bring back to an earlier state. */
export interface CheckpointFile {
  /** Newest last. */
  readonly checkpoints: readonly Checkpoint[];
  /** Returns when it is on disk. */
  append(checkpoint: Checkpoint): Promise<void>;
  /** Somebody has accepted that what is beyond this size is lost. */
  forgetBeyond(size: number): Promise<void>;
}

// A restored backup is recognised by any of them that it still has. Of old ones every second is enough, of very old ones fewer.
const most = 2_000;

/** @param path null: only what this process has signed itself is known */
export async function openCheckpointFile(path: string | null): Promise<CheckpointFile> {
  let checkpoints: Checkpoint[] = [];

  async function rewrite(kept: Checkpoint[]): Promise<void> {
    checkpoints = kept;
    if (path === null) return;
    await writeDurably(`${path}.new`, kept.map((each) => `${toLine(each)}\n`).join(''));
    await rename(`${path}.new`, path);
    await syncFolder(dirname(path));
  }

  if (path !== null) {
    const { whole, cut } = await readLines(path);
    checkpoints = whole.map((line) => readCheckpoint((JSON.parse(line) as { note: string }).note));
    if (cut) await rewrite(checkpoints);
  }

  return {
    get checkpoints() {
      return checkpoints;
    },
    async append(checkpoint) {
      if (path !== null) await appendLine(path, toLine(checkpoint), { create: true });
      checkpoints = [...checkpoints, checkpoint];
      if (checkpoints.length <= most) return;
      const old = checkpoints.slice(0, most / 2).filter((_, at) => at % 2 === 0);
      await rewrite([...old, ...checkpoints.slice(most / 2)]);
    },
    forgetBeyond: (size) => rewrite(checkpoints.filter((checkpoint) => checkpoint.size <= size)),
  };
}

const toLine = ({ note }: Checkpoint): string => JSON.stringify({ note });

/** A line that was cut off by a crash was shown to nobody: a checkpoint is in the file before it goes anywhere. */
async function readLines(path: string): Promise<{ whole: string[]; cut: boolean }> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const lines = text.split('\n');
  return { cut: lines.pop() !== '', whole: lines };
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}
