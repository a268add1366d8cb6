/** What takes a backup and brings it back to a moment. */
export interface BackupTool {
  /** With its version, for people. */
  readonly name: string;
  /** Settings of the server that is backed up: where its log of changes goes. */
  readonly settings: Readonly<Record<string, string>>;
  /** Once, when that server runs. */
  prepare(source: BackupSource): Promise<void>;
  takeFull(source: BackupSource): Promise<void>;
  /**
   * Makes a data folder in which a server will go to this moment, and no further, when it starts.
   *
   * @param moment as PostgreSQL writes it, with its zone
   * @returns the settings that server is to be started with
   */
  restore(moment: string, dataFolder: string): Promise<Record<string, string>>;
}

export interface BackupSource {
  readonly dataFolder: string;
  /** A superuser's connection string. */
  readonly url: string;
  readonly port: number;
}
