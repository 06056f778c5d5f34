import { CallCredentials, ChannelCredentials } from '@grpc/grpc-js';
import type { Socket } from 'node:net';
import type { Secrets, StoreCredentials } from '../credentials.ts';
import { connectTls } from '../tls-connect.ts';

type Connector = ReturnType<ChannelCredentials['_createSecureConnector']>;
type Connected = Awaited<ReturnType<Connector['connect']>>;

/**
 * TLS to one server, which has to prove that it is `host`, a name or an address. Asks for the secrets before each connection.
 * grpc's own TLS knows no server without a name, keeps what it was made with for ever, and hides why it failed.
 */
export class TlsCredentials extends ChannelCredentials {
  readonly #host: string;
  readonly #credentials: StoreCredentials;
  #refusal: string | undefined;

  constructor(host: string, credentials: StoreCredentials) {
    super();
    this.#host = host;
    this.#credentials = credentials;
  }

  /** Why the last handshake came to nothing, when one of both sides has refused it; undefined after one that went well. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return other === this;
  }

  override _createSecureConnector(): Connector {
    let secrets: Secrets = {};
    let reached = true;
    return {
      waitForReady: async () => {
        // An attempt that did not even get as far says nothing about trust.
        if (!reached) this.#refusal = undefined;
        reached = false;
        secrets = await this.#credentials.read();
      },
      connect: async (socket) => {
        reached = true;
        return await this.#handshake(socket, secrets);
      },
      getCallCredentials: () => CallCredentials.createEmpty(),
      destroy: () => undefined,
    };
  }

  #handshake(socket: Socket, secrets: Secrets): Promise<Connected> {
    return new Promise((resolve, reject) => {
      const wish = { host: this.#host, secrets, protocol: 'h2' } as const;
      const secured = connectTls(socket, wish, (refusal) => (this.#refusal = refusal));
      secured.once('secureConnect', () => {
        this.#refusal = undefined;
        resolve({ socket: secured, secure: true });
      });
      secured.on('error', (error: Error) =>
        reject(new Error(this.#refusal ?? error.message, { cause: error })),
      );
      secured.once('close', () => reject(new Error('closed during the TLS handshake')));
    });
  }
}
