import { Agent, type AgentOptions, type ClientRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Secrets } from '../credentials.ts';
import { connectTls } from '../tls-connect.ts';

/** Connections to one server; of each that has failed it is known whether one of both sides has refused the other. */
export interface Sockets {
  readonly agent: Agent;
  /** Why the connection of this request came to nothing, when certificates or protocols are the reason. */
  refusalOf(request: ClientRequest): string | undefined;
  /** Ends the connection of this request, if it has one, at once: what the kernel has not got rid of is dropped. */
  reset(request: ClientRequest): void;
}

export interface TlsServer {
  /** Name or address, which the server has to prove. */
  readonly host: string;
  readonly port: number;
  /** The secrets as of now. */
  readonly secrets: () => Secrets;
}

const kept: AgentOptions = { keepAlive: true };

/** Everybody on the way can read and change what is said. */
export const plainSockets = (options: AgentOptions = {}): Sockets => ({
  agent: new Agent({ ...kept, ...options }),
  refusalOf: () => undefined,
  reset: ({ socket }) => reset(socket),
});

/** Each connection is made with the secrets that are in force when it begins. */
export function tlsSockets(server: TlsServer, options: AgentOptions = {}): Sockets {
  const refusals = new WeakMap<Duplex, string>();
  const wires = new WeakMap<Duplex, Socket>();
  const agent = new TlsAgent({ ...kept, ...options }, server, { refusals, wires });
  return {
    agent,
    refusalOf: ({ socket }) => (socket === null ? undefined : refusals.get(socket)),
    reset: ({ socket }) => reset(socket === null ? null : wires.get(socket)),
  };
}

function reset(wire: Socket | null | undefined): void {
  if (wire?.connecting === false) wire.resetAndDestroy();
}

interface Known {
  readonly refusals: WeakMap<Duplex, string>;
  /** What lies below a secured connection. */
  readonly wires: WeakMap<Duplex, Socket>;
}

/** Looks like an agent for HTTP without TLS, whose connections happen to be secure: what Node's own adds is done by us. */
class TlsAgent extends Agent {
  readonly #server: TlsServer;
  readonly #known: Known;

  constructor(options: AgentOptions, server: TlsServer, known: Known) {
    super(options);
    this.#server = server;
    this.#known = known;
  }

  override createConnection(): Duplex {
    const { host, port, secrets } = this.#server;
    const wish = { host, secrets: secrets(), protocol: 'http/1.1' } as const;
    const wire = connect({ host, port });
    const socket = connectTls(wire, wish, (refusal) => {
      if (refusal !== undefined) this.#known.refusals.set(socket, refusal);
    });
    this.#known.wires.set(socket, wire);
    return socket;
  }
}
