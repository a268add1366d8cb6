import { SingleBar } from 'cli-progress';

export type Progress = {
  /** @param bytes of the file; rows: since the program started */
  advance(bytes: number, rows: number): void;
  stop(): void;
};

export type ProgressOptions = {
  /** A bar is drawn on a terminal; anything else gets plain lines. */
  stream: NodeJS.WriteStream;
  /** Of the file, in bytes. */
  total: number;
  /** Between two plain lines, in milliseconds. */
  everyMs?: number;
  now?: () => number;
};

/**
 * Shows how far an import is, rows a second, and the time it will still take. Speed is measured from the first call on: what an
 * earlier start has done is only read past.
 */
export function showProgress(options: ProgressOptions): Progress {
  const { stream, total, now = () => performance.now() } = options;
  let first: { at: number; bytes: number; rows: number } | undefined;
  const measure: Measure = (bytes, rows) => {
    first ??= { at: now(), bytes, rows };
    const seconds = (now() - first.at) / 1000;
    const done = bytes - first.bytes;
    return {
      percent: Math.floor((100 * bytes) / Math.max(total, 1)),
      rate: seconds > 0 ? Math.round((rows - first.rows) / seconds) : 0,
      remaining: done > 0 ? formatSeconds((seconds * (total - bytes)) / done) : '-',
    };
  };
  return stream.isTTY ? showBar(stream, total, measure) : writeLines(options, measure, now);
}

type Measure = (bytes: number, rows: number) => { percent: number; rate: number; remaining: string };

function showBar(stream: NodeJS.WriteStream, total: number, measure: Measure): Progress {
  const bar = new SingleBar({
    stream,
    format: '{bar} {percentage}% | {rows} rows | {rate} rows/s | {remaining} left',
    barCompleteChar: '=',
    barIncompleteChar: ' ',
    hideCursor: true,
  });
  bar.start(total, 0, { rows: 0, rate: 0, remaining: '-' });
  return {
    advance: (bytes, rows) => bar.update(bytes, { rows, ...measure(bytes, rows) }),
    stop: () => bar.stop(),
  };
}

function writeLines(options: ProgressOptions, measure: Measure, now: () => number): Progress {
  const { stream, everyMs = 5_000 } = options;
  let next = now() + everyMs;
  return {
    advance(bytes, rows) {
      const { percent, rate, remaining } = measure(bytes, rows);
      if (now() < next) return;
      next = now() + everyMs;
      stream.write(`${percent}% | ${rows} rows | ${rate} rows/s | ${remaining} left\n`);
    },
    stop: () => undefined,
  };
}

/** `1h 02m`, `3m 20s`, `15s` */
function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  if (hours > 0) return `${hours}h ${two(minutes)}m`;
  return minutes > 0 ? `${minutes}m ${two(rest)}s` : `${rest}s`;
}
