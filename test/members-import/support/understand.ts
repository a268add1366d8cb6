import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JudgedRow, judgeRow } from '../../../members-import/judge-row.ts';
import { readMembers } from '../../../members-import/member-records.ts';
import { openFile, recordsOf } from '../../../members-import/open-file.ts';
import { ImportError } from '../../../runtime/csv/errors.ts';

export type Understood = {
  /** Why the import stops; then there is nothing else. */
  stops: ImportError | undefined;
  members: JudgedRow[];
  rejected: { line: number; reasons: string[] }[];
  said: string[];
};

const folder = mkdtempSync(join(tmpdir(), 'members-import-'));
let files = 0;

/** What the program makes of a file, up to the database: thousands of files a minute. @param mapping as in a mapping file */
export async function understand(content: string | Buffer, mapping?: object): Promise<Understood> {
  files += 1;
  const file = join(folder, `${files}.csv`);
  writeFileSync(file, content);
  const mappingFile = mapping === undefined ? undefined : `${file}.json`;
  if (mappingFile !== undefined) writeFileSync(mappingFile, JSON.stringify(mapping));
  const understood: Understood = { stops: undefined, members: [], rejected: [], said: [] };
  try {
    const opened = await openFile(
      {
        organization: 'nhf',
        file,
        mappingFile,
        dryRun: false,
        partial: false,
        dropBadNumbers: false,
        acceptDifferences: false,
        readmit: false,
        rejectedFile: `${file}.rejected.csv`,
        absentFile: `${file}.absent.csv`,
      },
      (line) => understood.said.push(line),
    );
    const rules = {
      layout: opened.layout,
      birthDate: opened.mapping.birthDate,
      countryCode: opened.mapping.countryCode,
      amounts: opened.mapping.amounts,
      acceptsSynthetic: true,
      capture: true,
    };
    for await (const portion of readMembers(recordsOf(opened).records, opened, opened.survey)) {
      for (const record of portion) {
        const { row, reasons } = judgeRow(record, rules);
        if (reasons.length > 0) understood.rejected.push({ line: record.line, reasons });
        else understood.members.push(row);
      }
    }
  } catch (error) {
    if (!(error instanceof ImportError)) throw error;
    understood.stops = error;
  }
  return understood;
}
