import type { Logger } from '../model/logger.ts';
import { asWeftError } from '../model/errors.ts';
import type { Change, Listing, Revision, Watch, WatchSink, WatchUpdate } from './store.ts';

/** What a watch asks of data that is at hand at once. */
export interface LevelSource {
  readonly identity: string;
  snapshot(prefix: string): Listing;
  /** What differs from `since`, one change for a key; undefined when deletions since then are no longer known. */
  changes(
    prefix: string,
    since: Revision,
  ): { readonly revision: Revision; readonly changes: readonly Change[] } | undefined;
}

/**
 * A watch of data that can be read at any time: it remembers what it has said and asks for the difference. The owner calls
 * `next` and `deliver` whenever something may have changed, never from within a call of his users.
 */
export class LevelWatch implements Watch {
  readonly prefix: string;
  readonly #sink: WatchSink;
  readonly #logger: Logger;
  readonly #onClose: () => void;
  #seen: { readonly identity: string; readonly revision: Revision } | undefined;
  #stale = false;
  #closed = false;

  constructor(prefix: string, sink: WatchSink, logger: Logger, onClose: () => void) {
    this.prefix = prefix;
    this.#sink = sink;
    this.#logger = logger;
    this.#onClose = onClose;
  }

  /** What there is to say, after `stale` in any case. To be delivered before `next` is asked again. */
  next(source: LevelSource): WatchUpdate | undefined {
    const isBack = this.#stale;
    this.#stale = false;
    const { identity } = source;
    const seen = this.#seen;
    const news = seen?.identity === identity ? source.changes(this.prefix, seen.revision) : undefined;
    if (news === undefined) {
      const listing = source.snapshot(this.prefix);
      this.#seen = { identity, revision: listing.revision };
      return { kind: 'snapshot', identity, ...listing };
    }
    this.#seen = { identity, revision: news.revision };
    return news.changes.length === 0 && !isBack ? undefined : { kind: 'changes', ...news };
  }

  deliver(update: WatchUpdate): void {
    if (this.#closed) return;
    try {
      this.#sink(update);
    } catch (error) {
      this.#logger.error('a watcher failed', { prefix: this.prefix, error: asWeftError(error).message });
    }
  }

  /** Says that contact is lost, once until there is a `next`. */
  stale(cause: Error): void {
    if (this.#stale) return;
    this.#stale = true;
    this.deliver({ kind: 'stale', cause });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#onClose();
  }
}
