import { CallCredentials, ChannelCredentials } from '@grpc/grpc-js';
import { connect, type Socket } from 'node:net';
import type { TlsCredentials } from './tls.ts';

type Connector = ReturnType<ChannelCredentials['_createSecureConnector']>;

/** Milliseconds in which the kernel of a server has to take a connection. */
const connectWithin = 500;
/** Milliseconds in which it then has to say its first word. */
const greetWithin = 5000;

/** Where a server is. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/**
 * The connection of one gRPC channel to one server, as long as that channel lives. grpc leaves it to the kernel to give up a
 * connection that nobody answers, which takes minutes and pauses that double; here each attempt ends within seconds, so that
 * the next one meets a server that is back. Never equal to another: a new channel connects at once, whatever pause an
 * earlier one is in.
 */
export class Wire extends ChannelCredentials {
  readonly #place: Place;
  readonly #tls: TlsCredentials | undefined;
  #socket: Socket | undefined;

  constructor(place: Place, tls?: TlsCredentials) {
    super();
    this.#place = place;
    this.#tls = tls;
  }

  /** Changes whenever the server has said anything. */
  get heard(): number | undefined {
    return this.#socket?.bytesRead;
  }

  /**
   * Ends the connection, and with it all calls on it. What the kernel has not got rid of is dropped: a write that somebody has
   * given up must not arrive when the network is back.
   */
  hangUp(): void {
    this.#socket?.resetAndDestroy();
  }

  override _isSecure(): boolean {
    return this.#tls !== undefined;
  }

  override _equals(other: ChannelCredentials): boolean {
    return other === this;
  }

  override _createSecureConnector(): Connector {
    const tls = this.#tls?._createSecureConnector();
    return {
      waitForReady: async () => {
        await tls?.waitForReady();
        await knock(this.#place);
      },
      connect: async (socket) => {
        this.#socket = socket;
        demandGreeting(socket);
        return tls === undefined ? { socket, secure: false } : await tls.connect(socket);
      },
      getCallCredentials: () => CallCredentials.createEmpty(),
      destroy: () => tls?.destroy(),
    };
  }
}

/** Resolves when the server takes a connection, which is then given up: of grpc's own nobody could let go. */
function knock({ host, port }: Place): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    socket.setTimeout(connectWithin, () => {
      socket.destroy(new Error(`no connection to ${host} port ${port} within ${connectWithin} ms`));
    });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}

function demandGreeting(socket: Socket): void {
  const timer = setTimeout(() => {
    if (socket.bytesRead === 0) socket.destroy(new Error(`no word from the server within ${greetWithin} ms`));
  }, greetWithin);
  socket.once('close', () => {
    clearTimeout(timer);
  });
  timer.unref();
}
