/** Where a program says what it found; a test reads it there. */
export interface Terminal {
  say(line: string): void;
  complain(text: string): void;
  /** Lines that are of no interest once it is done. */
  progress(line: string): void;
}

export const terminal: Terminal = {
  say: (line) => console.log(line),
  complain: (text) => console.error(text),
  progress: (line) => console.error(line),
};
