import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * `pass`: as if it were not there. `refuse`: hangs up on everybody. `hole`: takes bytes and passes none on, in both
 * directions. `mute`: requests pass, answers do not.
 */
export type ProxyMode = 'pass' | 'refuse' | 'hole' | 'mute';

/** Stands between a client and a server on loopback, and breaks their contact in the ways of networks. */
export class TcpProxy implements AsyncDisposable {
  readonly port: number;
  /** Connections that clients have made or tried to make. */
  attempts = 0;
  /** Bytes that the server has answered and that were passed on. */
  answered = 0;
  /** Called before bytes of the server are passed on; may change the mode, also for these bytes. */
  onAnswer: (answered: number) => void = () => undefined;
  /** Bytes of the server that are still passed on before everybody is hung up on; then the next number counts. */
  #cuts: readonly number[] = [];
  #mode: ProxyMode = 'pass';
  readonly #target: number | string;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();

  private constructor(server: Server, target: number | string) {
    this.#server = server;
    this.#target = target;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => this.#accept(client));
  }

  /** `target`: a port of loopback, or the path of a socket file. */
  static async start(target: number | string): Promise<TcpProxy> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return new TcpProxy(server, target);
  }

  get mode(): ProxyMode {
    return this.#mode;
  }

  /** What was swallowed in `hole` or `mute` is lost, so on the way back those connections are cut. */
  set mode(mode: ProxyMode) {
    const cut = mode === 'refuse' || (mode === 'pass' && this.#mode !== 'pass');
    this.#mode = mode;
    if (cut) this.cut();
  }

  /** Hangs up on everybody when so many more bytes of the server have been passed on; several numbers: again and again. */
  cutAfter(...bytes: readonly number[]): void {
    this.#cuts = bytes;
  }

  /** How many of these cuts have not come about. */
  get cutsLeft(): number {
    return this.#cuts.length;
  }

  /** Hangs up once on everybody; `politely` as a server does that ends, which is no error to those who read. */
  cut(politely = false): void {
    for (const pair of this.#pairs) {
      for (const socket of pair) {
        // A socket file knows no reset.
        if (politely || (typeof this.#target === 'string' && socket === pair[1])) socket.destroy();
        else socket.resetAndDestroy();
      }
    }
    this.#pairs.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(bytes: Buffer, client: Socket): void {
    const [until = Infinity, ...later] = this.#cuts;
    const passed = bytes.subarray(0, until);
    this.answered += passed.length;
    if (bytes.length < until) {
      if (this.#cuts.length > 0) this.#cuts = [until - bytes.length, ...later];
      client.write(passed);
      return;
    }
    this.#cuts = later;
    // What was passed on has to arrive: a reset would overtake it.
    client.write(passed, () => this.cut(true));
  }

  #accept(client: Socket): void {
    this.attempts += 1;
    client.on('error', () => undefined);
    if (this.#mode === 'refuse') return void client.resetAndDestroy();
    const target = this.#target;
    const server = typeof target === 'string' ? connect(target) : connect(target, '127.0.0.1');
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    server.on('error', () => undefined);
    client.on('data', (bytes) => {
      if (this.#mode === 'pass' || this.#mode === 'mute') server.write(bytes);
    });
    server.on('data', (bytes) => {
      this.onAnswer(this.answered);
      if (this.#mode !== 'pass' || client.destroyed) return;
      this.#pass(bytes, client);
    });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.on('close', () => {
        this.#pairs.delete(pair);
        other.destroy();
      });
    }
  }
}
