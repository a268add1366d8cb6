import { checkPlace, refuseSameFiles } from '../runtime/csv/list-places.ts';
import type { Arguments } from './arguments.ts';

/** First lines of the two lists. A file that begins with one is a list of ours. */
export const listHeaders = { rejected: 'line,reasons', absent: 'external_id' } as const;

/**
 * Sees before the first row that the lists can be written when the last one is done, and that nothing is lost by it.
 *
 * @throws {UsageError} where two of the files are the same
 * @throws {ImportError} `list_not_ours`, `list_not_writable`
 */
export async function checkPlaces(options: Arguments): Promise<void> {
  await refuseSameFiles(filesOf(options));
  await checkPlace(options.rejectedFile, listHeaders.rejected);
  if (!options.partial) await checkPlace(options.absentFile, listHeaders.absent);
}

function filesOf({ file, mappingFile, rejectedFile, absentFile }: Arguments) {
  return [
    { name: 'the file', path: file },
    ...(mappingFile === undefined ? [] : [{ name: '--mapping', path: mappingFile }]),
    { name: '--rejected', path: rejectedFile },
    { name: '--absent', path: absentFile },
  ];
}
