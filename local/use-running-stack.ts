import { readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';

// `node --import ./local/use-running-stack.ts <program>`, in package.json: where no DATABASE_URL is set and `npm start` runs on
// this machine, the program gets the environment that stack.json has for programs of its folder. A program's threads come
// through here too, and find DATABASE_URL set.

const ROOT = join(import.meta.dirname, '..');

function environmentOfStack(file: string, program: string): Record<string, string> | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).environments[program];
  } catch {
    // No stack, or one of another version: then the environment must say everything, and its reader says what is missing.
    return undefined;
  }
}

if (!process.env.DATABASE_URL) {
  const file = join(resolve(process.env.LOCAL_FOLDER || join(ROOT, '.local')), 'stack.json');
  const [program = ''] = relative(ROOT, resolve(process.argv[1] ?? '')).split(sep);
  const environment = environmentOfStack(file, program);
  if (environment !== undefined) {
    console.error(`DATABASE_URL is not set: using the local stack of ${relative(process.cwd(), file)}.`);
    Object.assign(process.env, environment);
  }
}
