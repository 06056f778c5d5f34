import { Agent, type AgentOptions, type ClientRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Secrets } from '../credentials.ts';
import { connectTls } from '../tls-connect.ts';

/** Connections to one server; of each that has failed it is known whether one of both sides has refused the other. */
export interface Sockets {
  readonly agent: Agent;
  /** Why the connection of this request came to nothing, when certificates or protocols are the reason. */
  refusalOf(request: ClientRequest): string | undefined;
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
});

/** Each connection is made with the secrets that are in force when it begins. */
export function tlsSockets(server: TlsServer, options: AgentOptions = {}): Sockets {
  const refusals = new WeakMap<Duplex, string>();
  const agent = new TlsAgent({ ...kept, ...options }, server, refusals);
  return { agent, refusalOf: ({ socket }) => (socket === null ? undefined : refusals.get(socket)) };
}

/** Looks like an agent for HTTP without TLS, whose connections happen to be secure: what Node's own adds is done by us. */
class TlsAgent extends Agent {
  readonly #server: TlsServer;
  readonly #refusals: WeakMap<Duplex, string>;

  constructor(options: AgentOptions, server: TlsServer, refusals: WeakMap<Duplex, string>) {
    super(options);
    this.#server = server;
    this.#refusals = refusals;
  }

  override createConnection(): Duplex {
    const { host, port, secrets } = this.#server;
    const wish = { host, secrets: secrets(), protocol: 'http/1.1' } as const;
    const socket: Duplex = connectTls({ port }, wish, (refusal) => {
      if (refusal !== undefined) this.#refusals.set(socket, refusal);
    });
    return socket;
  }
}
