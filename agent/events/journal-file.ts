import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { eventKinds, type EventKind, type WeftEvent } from '../../model/event.ts';
import type { LogFields } from '../../model/logger.ts';
import { readTextFile, replaceFile } from '../state/state-file.ts';
import { journalLength, type JournalFile } from './journal.ts';

/** Bytes that may be appended before the file is written anew with only what is kept. */
const roomy = 1024 * 1024;

const line = z.object({
  number: z.int().min(1),
  time: z.string(),
  kind: z.enum(Object.keys(eventKinds) as [EventKind, ...EventKind[]]),
  message: z.string(),
  fields: z.record(z.string(), z.unknown()).transform((fields): LogFields => fields),
});

/**
 * <stateDir>/events.jsonl, one line for each event. It is for people: nothing is waited for, and a line that cannot be read, for
 * instance of a later version, is left out in silence. Trouble with the file is told by `onTrouble` once and stops nothing.
 */
export function openJournalFile(stateDir: string, onTrouble: (why: string) => void): JournalFile {
  const path = join(stateDir, 'events.jsonl');
  let kept: readonly WeftEvent[] = [];
  let fd: number | undefined;
  let bytes = 0;
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      onTrouble(`${path}: ${(error as Error).message}`);
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    }
  };
  const rewrite = (all: readonly WeftEvent[]): void => {
    const text = all.map((event) => `${JSON.stringify(event)}\n`).join('');
    replaceFile(path, text);
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
    fd = openSync(path, 'a', 0o600);
    bytes = 0;
  };
  attempt(() => {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    kept = readLines(path).slice(-journalLength);
    rewrite(kept);
  });
  return {
    kept,
    append: (event, all) => {
      attempt(() => {
        if (fd === undefined) return;
        bytes += writeSync(fd, `${JSON.stringify(event)}\n`);
        if (bytes > roomy) rewrite(all);
      });
    },
    close: () => {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

function readLines(path: string): readonly WeftEvent[] {
  return (readTextFile(path) ?? '').split('\n').flatMap((each) => {
    try {
      return [line.parse(JSON.parse(each))];
    } catch {
      return [];
    }
  });
}
