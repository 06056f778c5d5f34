import type { Colors } from 'picocolors/types.js';
import type { Client } from '../api/client.ts';

/** What the command line needs of the world. */
export interface CliPorts {
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For what goes to standard output. */
  readonly colors: Colors;
  /** For what goes to standard error. */
  readonly errColors: Colors;
  /** Writes one text to standard output; the end of the line is added. */
  readonly out: (text: string) => void;
  /** The same for standard error. */
  readonly err: (text: string) => void;
  readonly connect: (socketPath: string) => Promise<Client>;
  /** Resolves when nobody reads standard output any more. */
  readonly unread: () => Promise<void>;
  /** A whole file; `-` is standard input. */
  readonly read: (file: string) => Promise<string>;
  /**
   * Lets somebody change a text in an editor, and returns it as it was saved. The file, whose name has `name` in it, stays until
   * `done`. `isWork`: the text has in it what somebody wrote before, which must not be lost.
   */
  readonly edit: (name: string, text: string, isWork: boolean) => Promise<Edited>;
}

/** A text as somebody has saved it. */
export interface Edited {
  readonly text: string;
  readonly file: string;
  /** Removes the file. */
  readonly done: () => Promise<void>;
}

/** Flags that every command has. */
export interface Common {
  readonly output: 'table' | 'json';
  readonly socket?: string;
}

/** What a command is handed. */
export interface Cli extends CliPorts {
  /** The agent of the socket that the flags or WEFT_SOCKET name. */
  client(options: Common): Promise<Client>;
  /** Writes a result: as JSON, or as the text. */
  show(options: Common, value: unknown, text: () => string): void;
  /** Writes a failure to standard error and returns its exit code; with `-o json` the failure is JSON. */
  fail(options: Pick<Common, 'output'>, error: unknown): number;
  /** Ends with this code when the command is done. */
  exit(code: number): void;
}
