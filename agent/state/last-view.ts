import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { z } from 'zod';
import { keys, prefixes } from '../../kvstore/keys.ts';
import { encodeEndpoint } from '../../kvstore/records/endpoint.ts';
import type { Entry } from '../../kvstore/store.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { Recorded, Remembered } from '../view/collection.ts';
import { readTextFile } from './state-file.ts';

/** What this node knew of the store when it last had contact with it: what a later life begins with. */
export interface LastView {
  /** Wall-clock milliseconds at which the store was last believed. */
  readonly seen: number;
  readonly parts: readonly Remembered[];
}

/** Written by this version; a file of a later one is not understood. */
const version = 1;
/** Records put into text before others get their turn. */
const recordsPerTurn = 500;

const revision = z.int().min(0);
const head = z.object({ version: z.literal(version), seen: z.int() });
const part = z.object({ prefix: z.string(), identity: z.string(), revision });
/** Key, revision, created, value in base64; and whether the store does not hold it. */
type RecordLine = readonly [string, number, number, string, boolean];
const end = z.object({ end: z.int(), sha256: z.string() });

/** Where it is kept. */
export const lastViewPath = (stateDir: string): string => join(stateDir, 'view.jsonl');

/**
 * Writes <stateDir>/view.jsonl anew: after a crash it is the old or the new one. What is to be written is fixed by the call;
 * the work is done in turns, so that nobody else has to wait for long.
 */
export async function writeLastView(stateDir: string, view: LastView): Promise<void> {
  const path = lastViewPath(stateDir);
  const directory = dirname(path);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const aside = `${path}.new`;
  await using file = await open(aside, 'w', 0o600);
  for (const text of textOf(view)) {
    await file.write(text);
    await turn();
  }
  await file.sync();
  await rename(aside, path);
  await using place = await open(directory, 'r');
  await place.sync();
}

/** What the file holds, piece by piece; the last one seals it. */
export function* textOf(view: LastView): Iterable<string> {
  const hash = createHash('sha256');
  let lines = 0;
  for (const chunk of chunksOf(view)) {
    const text = chunk.map((line) => `${JSON.stringify(line)}\n`).join('');
    lines += chunk.length;
    hash.update(text);
    yield text;
  }
  yield `${JSON.stringify({ end: lines, sha256: hash.digest('hex') })}\n`;
}

type Line = z.input<typeof head> | z.input<typeof part> | RecordLine;

function* chunksOf({ seen, parts }: LastView): Iterable<readonly Line[]> {
  let chunk: Line[] = [{ version, seen }];
  for (const { prefix, identity, revision: at, entries, held } of parts) {
    const missing = new Set(held);
    chunk.push({ prefix, identity, revision: at });
    for (const { key, value, revision: written, created } of entries) {
      chunk.push([key, written, created, Buffer.from(value).toString('base64'), missing.has(key)]);
      if (chunk.length < recordsPerTurn) continue;
      yield chunk;
      chunk = [];
    }
  }
  yield chunk;
}

/**
 * The last good view, if there is one. A file that is corrupt, or that a later version has written, is set aside as `.corrupt` or
 * `.newer`, named in `onAside`, and counts as absent.
 */
export function readLastView(
  stateDir: string,
  onAside: (aside: string, why: string) => void,
): LastView | undefined {
  const path = lastViewPath(stateDir);
  const text = readTextFile(path);
  if (text === undefined) return undefined;
  const setAside = (how: 'corrupt' | 'newer', why: string): void => {
    renameSync(path, `${path}.${how}`);
    onAside(`${path}.${how}`, why);
  };
  const newer = laterVersion(text);
  if (newer !== undefined) {
    setAside('newer', `version ${newer} is not understood by this agent`);
    return undefined;
  }
  try {
    return parse(text);
  } catch (error) {
    setAside('corrupt', (error as Error).message);
    return undefined;
  }
}

/** The same with endpoints that are missing there, or older. A network of which nothing is known stays unknown. */
export function withEndpoints(
  parts: readonly Remembered[],
  endpoints: readonly Recorded<Endpoint>[],
): readonly Remembered[] {
  const all = new Map(parts.map((part) => [part.prefix, part]));
  const identity = all.get(prefixes.networkStates)?.identity;
  if (endpoints.length === 0 || identity === undefined) return parts;
  for (const [network, own] of Map.groupBy(endpoints, ({ value }) => value.network)) {
    const prefix = prefixes.endpoints(network);
    const part = all.get(prefix) ?? { prefix, identity, revision: 0, entries: [], held: [] };
    const entries = new Map(Array.from(part.entries, (entry) => [entry.key, entry]));
    for (const { value, revision } of own) {
      const key = keys.endpoint(network, value.id);
      if ((entries.get(key)?.revision ?? 0) >= revision) continue;
      entries.set(key, { key, value: encodeEndpoint(value), revision, created: revision });
    }
    const revision = Math.max(part.revision, ...own.map((one) => one.revision));
    all.set(prefix, { ...part, revision, entries: [...entries.values()] });
  }
  return [...all.values()];
}

/** The node belongs to another cluster from now on, or begins anew. */
export function removeLastView(stateDir: string): void {
  rmSync(lastViewPath(stateDir), { force: true });
}

function laterVersion(text: string): number | undefined {
  try {
    const first: unknown = JSON.parse(text.slice(0, text.indexOf('\n')));
    const found = z.object({ version: z.int() }).parse(first).version;
    return found > version ? found : undefined;
  } catch {
    return undefined;
  }
}

function parse(text: string): LastView {
  const cut = text.lastIndexOf('\n', text.length - 2) + 1;
  const body = text.slice(0, cut);
  const seal = end.parse(JSON.parse(text.slice(cut)));
  const lines = body.split('\n').slice(0, -1);
  if (lines.length !== seal.end) throw new Error(`${lines.length} lines instead of ${seal.end}`);
  if (createHash('sha256').update(body).digest('hex') !== seal.sha256)
    throw new Error('its checksum is wrong');
  const { seen } = head.parse(JSON.parse(lines[0] ?? ''));
  const parts: (Remembered & { entries: Entry[]; held: string[] })[] = [];
  for (const line of lines.slice(1)) {
    const json: unknown = JSON.parse(line);
    if (!Array.isArray(json)) parts.push({ ...part.parse(json), entries: [], held: [] });
    else {
      // Sealed by the checksum: what it has to be was seen to when it was written.
      const [key, written, created, value, isHeld] = json as unknown as RecordLine;
      parts.at(-1)?.entries.push({ key, value: Buffer.from(value, 'base64'), revision: written, created });
      if (isHeld) parts.at(-1)?.held.push(key);
    }
  }
  return { seen, parts };
}
