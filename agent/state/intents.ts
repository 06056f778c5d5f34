import { closeSync, fdatasync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { keys } from '../../kvstore/keys.ts';
import { decodeEndpoint, encodeEndpoint } from '../../kvstore/records/endpoint.ts';
import { endpointIdPattern, type Endpoint, type EndpointId } from '../../model/endpoint.ts';
import { networkIdPattern, type NetworkId } from '../../model/network.ts';
import type { Recorded } from '../view/collection.ts';
import { SharedSync } from './shared-sync.ts';
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
  z.object({
    op: z.literal('end'),
    endpoint,
    gone: z.literal(true).optional(),
    /** As the store has it, in base64. */
    record: z
      .object({ network: z.string().regex(networkIdPattern), revision: z.int().min(0), value: z.base64() })
      .optional(),
  }),
]);

/** How an operation ended. `gone`: the endpoint is in the store no more, by our own doing; a record: it is there, by our own doing. */
type Outcome = 'gone' | 'done' | Recorded<Endpoint>;

/** Bytes after which the journal is written anew with only what still counts; where that is much, when it has doubled. */
const roomy = 256 * 1024;
/** How many detached endpoints are remembered, the latest first, for the case that the store holds one of them again. */
const memory = 1000;

/**
 * The journal of operations: <stateDir>/intents.jsonl, one line for each beginning and each end. A beginning is on disk
 * when `begin` resolves, at the price of one fdatasync, which those share who begin at the same time; meanwhile the agent has other
 * things to do, however long the disk takes. An end may be lost in a crash, and is then only found out again.
 */
export class Intents {
  readonly #path: string;
  readonly #open = new Map<EndpointId, Intent>();
  /** Detaches that this node has answered for; the store has still to be told. */
  readonly #deferred = new Set<EndpointId>();
  /** What was detached and ended: the last good view on disk may still show it. */
  readonly #gone = new Set<EndpointId>();
  /** What was attached and ended: the last good view on disk may not show it yet. */
  readonly #attached = new Map<EndpointId, Recorded<Endpoint>>();
  /** The same as `gone` after a view without it is on disk: the store may hold it again all the same. */
  readonly #past = new Set<EndpointId>();
  /** What was gone when the operation that is open now began: if nothing comes of that, it is gone as before. */
  readonly #before = new Set<EndpointId>();
  readonly #sync: SharedSync;
  #fd: number;
  #closed = false;
  #bytes = 0;
  #limit = roomy;

  /**
   * `onCorrupt`: a line that is none of ours, left out. A last line that a crash has torn is left out in silence. `sync`: brings what
   * was written to a file onto the disk.
   */
  constructor(
    stateDir: string,
    onCorrupt: (path: string, why: string) => void,
    sync: (fd: number) => Promise<void> = promisify(fdatasync),
  ) {
    this.#sync = new SharedSync(() => sync(this.#fd));
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    this.#path = join(stateDir, 'intents.jsonl');
    this.#read(onCorrupt);
    for (const { op, endpoint } of this.#open.values()) if (op === 'detach') this.#deferred.add(endpoint);
    this.#fd = this.#rewrite();
  }

  /** The later of two for one endpoint counts, in the place of the later. It counts at once, and is on disk when this resolves. */
  begin(intent: Intent): Promise<void> {
    this.#open.delete(intent.endpoint);
    this.#deferred.delete(intent.endpoint);
    this.#start(intent);
    this.#append(intent);
    return this.#sync.done();
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

  end(id: EndpointId, outcome: Outcome = 'done'): void {
    this.#deferred.delete(id);
    if (!this.#open.delete(id)) return;
    const after = this.#before.delete(id) && outcome === 'done' ? 'gone' : outcome;
    this.#take(id, after);
    this.#append(endOf(id, after));
    if (this.#bytes < this.#limit) return;
    // In this order: what cannot be written anew goes on in the old file.
    const old = this.#fd;
    this.#fd = this.#rewrite();
    // Its number must not become another file's while it is synced.
    void this.#sync.idle().then(() => {
      closeSync(old);
    });
  }

  /** What has begun and not ended, in this life or an earlier one. */
  open(): readonly Intent[] {
    return [...this.#open.values()];
  }

  /** Endpoints that are gone by our own doing, as far as a view that was kept before may not know it. */
  gone(): readonly EndpointId[] {
    return [...this.#gone];
  }

  /** Endpoints that are there by our own doing, as far as a view that was kept before may not know it. */
  attached(): readonly Recorded<Endpoint>[] {
    return [...this.#attached.values()];
  }

  /** The last good view that is on disk knows all this: of what is gone only the latest are remembered from now on. */
  settle(gone: Iterable<EndpointId>, attached: Iterable<Recorded<Endpoint>>): void {
    for (const one of attached)
      if (this.#attached.get(one.value.id) === one) this.#attached.delete(one.value.id);
    for (const id of gone) if (this.#gone.delete(id)) this.#past.add(id);
    for (const id of this.#past) {
      if (this.#past.size <= memory) break;
      this.#past.delete(id);
    }
  }

  get(id: EndpointId): Intent | undefined {
    return this.#open.get(id);
  }

  /** A second time it does nothing: by then the number may be another file's. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#sync.idle();
    closeSync(this.#fd);
  }

  #start(intent: Intent): void {
    const { endpoint } = intent;
    this.#open.set(endpoint, intent);
    for (const set of [this.#gone, this.#past]) if (set.delete(endpoint)) this.#before.add(endpoint);
  }

  #take(id: EndpointId, outcome: Outcome): void {
    if (outcome === 'done') return;
    if (outcome !== 'gone') this.#attached.set(id, outcome);
    else {
      this.#gone.add(id);
      this.#attached.delete(id);
    }
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
      else if ('outcome' in entry) {
        this.#open.delete(entry.endpoint);
        this.#before.delete(entry.endpoint);
        this.#take(entry.endpoint, entry.outcome);
      } else this.#start(entry);
    }
  }

  #rewrite(): number {
    const gone = [...this.#past, ...this.#gone, ...this.#before].map((id) => endOf(id, 'gone'));
    const attached = [...this.#attached].map(([id, record]) => endOf(id, record));
    const text = [...gone, ...attached, ...this.#open.values()]
      .map((each) => `${JSON.stringify(each)}\n`)
      .join('');
    replaceFile(this.#path, text);
    this.#bytes = text.length;
    this.#limit = Math.max(roomy, 2 * text.length);
    return openSync(this.#path, 'a', 0o600);
  }
}

function endOf(endpoint: EndpointId, outcome: Outcome): z.input<typeof line> {
  if (outcome === 'done') return { op: 'end', endpoint };
  if (outcome === 'gone') return { op: 'end', endpoint, gone: true };
  const { value, revision } = outcome;
  const text = Buffer.from(encodeEndpoint(value)).toString('base64');
  return { op: 'end', endpoint, record: { network: value.network, revision, value: text } };
}

function parse(text: string): Intent | { endpoint: EndpointId; outcome: Outcome } | undefined {
  try {
    const entry = line.parse(JSON.parse(text));
    if (entry.op !== 'end') return entry as Intent;
    const { endpoint, gone, record } = entry;
    if (record === undefined)
      return { endpoint: endpoint as EndpointId, outcome: gone === true ? 'gone' : 'done' };
    const value = decodeEndpoint(
      keys.endpoint(record.network as NetworkId, endpoint as EndpointId),
      Buffer.from(record.value, 'base64'),
    );
    return { endpoint: value.id, outcome: { value, revision: record.revision } };
  } catch {
    return undefined;
  }
}
