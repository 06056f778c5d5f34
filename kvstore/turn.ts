import type { Logger } from '../model/logger.ts';

/**
 * Which of a store's servers is asked at present: one for all calls and watches, so that an outage of one server is met
 * once. Whoever finds that it fails leaves it, for everybody, for the next one in the order of the URL.
 */
export class Turn<S extends { readonly address: string }> {
  readonly #servers: readonly [S, ...S[]];
  readonly #logger: Logger;
  #server: S;
  #left = new AbortController();
  /** That answered last, and why it was left. */
  #before: { readonly server: S; readonly why?: string } | undefined;

  constructor(servers: readonly [S, ...S[]], logger: Logger) {
    this.#servers = servers;
    this.#logger = logger;
    this.#server = servers[0];
  }

  get server(): S {
    return this.#server;
  }

  get count(): number {
    return this.#servers.length;
  }

  /** Aborts when the present server is left: what waits for it would wait in vain. Its reason says why. */
  get left(): AbortSignal {
    return this.#left.signal;
  }

  /** Leaves this server, if nobody has done so before and there is another one. */
  failed(server: S, why: string): void {
    if (this.#server !== server || this.count === 1) return;
    const next = (this.#servers.indexOf(server) + 1) % this.count;
    this.#server = this.#servers[next] ?? server;
    if (this.#before?.server === server) this.#before = { server, why };
    const left = this.#left;
    this.#left = new AbortController();
    left.abort(new Error(`left for ${this.#server.address}: ${why}`));
  }

  /** Says in the log, once, that another server answers than before. */
  answered(server: S): void {
    const { server: before, why } = this.#before ?? {};
    if (before === server) return;
    this.#before = { server };
    if (before === undefined) return;
    const details = { server: server.address, before: before.address };
    this.#logger.info(
      'another server of the store is asked',
      why === undefined ? details : { ...details, why },
    );
  }
}
