import { closeSync, fdatasyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { endpointIdPattern, type EndpointId } from '../../model/endpoint.ts';
import { networkIdPattern, type NetworkId } from '../../model/network.ts';
import { readTextFile, replaceFile } from './state-file.ts';

/** An operation under way, on disk before its transaction, so that a crash leaves nothing half done. */
export interface Intent {
  readonly op: 'attach' | 'detach';
  readonly network: NetworkId;
  readonly endpoint: EndpointId;
}

const endpoint = z.string().regex(endpointIdPattern);
const line = z.union([
  z.object({
    op: z.enum(['attach', 'detach']),
    network: z.string().regex(networkIdPattern),
    endpoint,
  }),
  z.object({ op: z.literal('end'), endpoint, gone: z.literal(true).optional() }),
]);

/** Bytes after which the journal is written anew with only what still counts. */
const roomy = 256 * 1024;
/** How many detached endpoints are remembered, the latest first, for the case that the store holds one of them again. */
const memory = 1000;

/**
 * The journal of operations: <stateDir>/intents.jsonl, one line for each beginning and each end. A beginning is on disk
 * when `begin` returns, at the price of one fdatasync; an end may be lost in a crash, and is then only found out again.
 */
export class Intents {
  readonly #path: string;
  readonly #open = new Map<EndpointId, Intent>();
  /** Detaches that this node has answered for; the store has still to be told. */
  readonly #deferred = new Set<EndpointId>();
  /** What was detached and ended: the last good view on disk may still show it. */
  readonly #gone = new Set<EndpointId>();
  /** The same after a view without it is on disk: the store may hold it again all the same. */
  readonly #past = new Set<EndpointId>();
  #fd: number;
  #bytes = 0;

  /** `onCorrupt`: a line that is none of ours, left out. A last line that a crash has torn is left out in silence. */
  constructor(stateDir: string, onCorrupt: (path: string, why: string) => void) {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    this.#path = join(stateDir, 'intents.jsonl');
    this.#read(onCorrupt);
    for (const { op, endpoint } of this.#open.values()) if (op === 'detach') this.#deferred.add(endpoint);
    this.#fd = this.#rewrite();
  }

  /** The later of two for one endpoint counts, in the place of the later. */
  begin(intent: Intent): void {
    this.#open.delete(intent.endpoint);
    this.#deferred.delete(intent.endpoint);
    this.#gone.delete(intent.endpoint);
    this.#past.delete(intent.endpoint);
    this.#open.set(intent.endpoint, intent);
    this.#append(intent);
    fdatasyncSync(this.#fd);
  }

  /** An open detach is done as far as this node can do it: the endpoint is gone here, whatever the store says. */
  defer(id: EndpointId): void {
    if (this.#open.get(id)?.op === 'detach') this.#deferred.add(id);
  }

  /** Has the store still to be told of a detach? So is it with what an earlier life began to detach. */
  isDeferred(id: EndpointId): boolean {
    return this.#deferred.has(id);
  }

  /** Is the endpoint gone here by our own doing, although the store, or what is remembered of it, may still hold it? */
  isGone(id: EndpointId): boolean {
    return this.isDeferred(id) || this.#gone.has(id) || this.#past.has(id);
  }

  /** `gone`: the endpoint is in the store no more, by our own doing. */
  end(id: EndpointId, outcome: 'gone' | 'done' = 'done'): void {
    this.#deferred.delete(id);
    if (!this.#open.delete(id)) return;
    if (outcome === 'gone') this.#gone.add(id);
    this.#append({ op: 'end', endpoint: id, ...(outcome === 'gone' ? { gone: true } : {}) });
    if (this.#bytes < roomy) return;
    closeSync(this.#fd);
    this.#fd = this.#rewrite();
  }

  /** What has begun and not ended, in this life or an earlier one. */
  open(): readonly Intent[] {
    return [...this.#open.values()];
  }

  /** Endpoints that are gone by our own doing, as far as a view that was kept before may not know it. */
  gone(): readonly EndpointId[] {
    return [...this.#gone];
  }

  /** The last good view that is on disk does without them: from now on only the latest of them are remembered. */
  settleGone(ids: Iterable<EndpointId>): void {
    for (const id of ids) if (this.#gone.delete(id)) this.#past.add(id);
    for (const id of this.#past) {
      if (this.#past.size <= memory) break;
      this.#past.delete(id);
    }
  }

  get(id: EndpointId): Intent | undefined {
    return this.#open.get(id);
  }

  close(): void {
    closeSync(this.#fd);
  }

  #append(entry: z.output<typeof line>): void {
    this.#bytes += writeSync(this.#fd, `${JSON.stringify(entry)}\n`);
  }

  #read(onCorrupt: (path: string, why: string) => void): void {
    // What comes after the last line end was never waited for.
    const lines = (readTextFile(this.#path) ?? '').split('\n').slice(0, -1);
    for (const text of lines) {
      const entry = parse(text);
      if (entry === undefined) onCorrupt(this.#path, `no intent: ${text.slice(0, 200)}`);
      else if (entry.op === 'end') {
        this.#open.delete(entry.endpoint as EndpointId);
        if (entry.gone === true) this.#gone.add(entry.endpoint as EndpointId);
      } else {
        this.#open.set(entry.endpoint as EndpointId, entry as Intent);
        this.#gone.delete(entry.endpoint as EndpointId);
      }
    }
  }

  #rewrite(): number {
    const ended = [...this.#past, ...this.#gone].map((id) => ({ op: 'end', endpoint: id, gone: true }));
    const text = [...ended, ...this.#open.values()].map((each) => `${JSON.stringify(each)}\n`).join('');
    replaceFile(this.#path, text);
    this.#bytes = text.length;
    return openSync(this.#path, 'a', 0o600);
  }
}

function parse(text: string): z.output<typeof line> | undefined {
  try {
    return line.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
