/** A function in the call tree, and how many samples were taken in it and in what it called. */
export type Frame = { name: string; module: string; samples: number; calls: Map<string, Frame> };

const newFrame = (name: string, module: string): Frame => ({ name, module, samples: 0, calls: new Map() });

// `perf script -F ip,sym,dso`: one frame a line, the innermost first, an empty line between samples.
const line = /^\s+[0-9a-f]+ (?<symbol>.*?)(?:\+0x[0-9a-f]+)? \((?<module>.*)\)$/;
// What every session has around what it does.
const surroundings =
  /^(_start|__libc_start|main$|PostmasterMain|ServerLoop|BackendMain|postmaster_child_launch|\[unknown\])/;

/** @param script what `perf script` printed */
export function foldStacks(script: string): Frame {
  const root = newFrame('all', '');
  for (const sample of script.split('\n\n')) {
    const frames = sample
      .split('\n')
      .map((each) => line.exec(each)?.groups)
      .filter((groups) => groups !== undefined)
      .filter(({ symbol }) => !surroundings.test(symbol ?? ''))
      .toReversed();
    if (frames.length === 0) continue;
    root.samples += 1;
    let at = root;
    for (const { symbol = '', module = '' } of frames) {
      const file = module.split('/').at(-1) ?? '';
      const next = at.calls.get(symbol) ?? newFrame(symbol, file);
      at.calls.set(symbol, next);
      next.samples += 1;
      at = next;
    }
  }
  return root;
}
