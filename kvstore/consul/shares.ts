import { LevelWatch } from '../level-watch.ts';
import type { Watch, WatchSink } from '../store.ts';
import { Share, type SharePorts } from './share.ts';

/**
 * A server takes 200 connections of one client, and each share holds one. So above this many prefixes within one folder,
 * such as `net/`, a single share of the folder serves them all.
 */
const mostInFolder = 64;

/** All watches of a client, on as few open questions as possible. */
export class Shares {
  readonly #ports: SharePorts;
  readonly #shares = new Map<string, Share>();
  /** Where each watch is, with the prefix it asked for. */
  readonly #placed = new Map<LevelWatch, { readonly prefix: string; readonly share: Share }>();
  readonly #folded = new Set<string>();

  constructor(ports: SharePorts) {
    this.#ports = ports;
  }

  watch(prefix: string, sink: WatchSink): Watch {
    const watch: LevelWatch = new LevelWatch(prefix, sink, this.#ports.logger, () => this.#remove(watch));
    const folder = folderOf(prefix);
    const isNew = ![...this.#placed.values()].some((each) => each.prefix === prefix);
    if (isNew && this.#prefixesIn(folder).size >= mostInFolder) this.#fold(folder);
    this.#place(watch, prefix);
    return watch;
  }

  async close(): Promise<void> {
    for (const watch of [...this.#placed.keys()]) await watch.close();
  }

  #place(watch: LevelWatch, prefix: string): void {
    const wanted = this.#folded.has(folderOf(prefix)) ? folderOf(prefix) : prefix;
    const share = this.#shares.get(wanted) ?? new Share(wanted, this.#ports);
    this.#shares.set(wanted, share);
    this.#placed.set(watch, { prefix, share });
    share.add(watch);
  }

  #remove(watch: LevelWatch): void {
    const placed = this.#placed.get(watch);
    if (placed === undefined) return;
    const { prefix, share } = placed;
    this.#placed.delete(watch);
    share.remove(watch);
    if (share.size === 0) {
      share.close();
      this.#shares.delete(share.prefix);
    }
    if (this.#prefixesIn(folderOf(prefix)).size === 0) this.#folded.delete(folderOf(prefix));
  }

  #prefixesIn(folder: string): ReadonlySet<string> {
    const prefixes = [...this.#placed.values()].map(({ prefix }) => prefix);
    return new Set(prefixes.filter((prefix) => folderOf(prefix) === folder));
  }

  /** The watches hear nothing of it but another snapshot. */
  #fold(folder: string): void {
    if (this.#folded.has(folder)) return;
    this.#folded.add(folder);
    const moving = [...this.#placed].filter(([, { prefix }]) => folderOf(prefix) === folder);
    for (const [watch, { prefix, share }] of moving) {
      share.remove(watch);
      if (share.size === 0) {
        share.close();
        this.#shares.delete(share.prefix);
      }
      this.#place(watch, prefix);
    }
    this.#ports.logger.info('many watches share one question', { prefix: folder, watches: moving.length });
  }
}

/** Up to the first slash: `net/` of `net/1/endpoint/`; a prefix without one is a folder of its own. */
const folderOf = (prefix: string): string => /^[^/]*\//.exec(prefix)?.[0] ?? prefix;
