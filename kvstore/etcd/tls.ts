import { CallCredentials, ChannelCredentials } from '@grpc/grpc-js';
import { isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect, getCACertificates, type TLSSocket } from 'node:tls';
import type { Secrets, StoreCredentials } from '../credentials.ts';
import { tlsRefusal } from '../tls-refusal.ts';

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

  #handshake(socket: Socket, { ca, cert, key }: Secrets): Promise<Connected> {
    const host = this.#host;
    return new Promise((resolve, reject) => {
      const secured: TLSSocket = connect({
        socket,
        ca: ca ?? getCACertificates('system'),
        ...(cert === undefined ? {} : { cert, key }),
        // An address is no server name in the sense of TLS.
        ...(isIP(host) === 0 ? { servername: host } : {}),
        checkServerIdentity: (_, shown) => checkServerIdentity(host, shown),
        ALPNProtocols: ['h2'],
        minVersion: 'TLSv1.2',
        // The verdict is looked at below, while the certificate that it is about can still be named.
        rejectUnauthorized: false,
      });
      const refuse = (code: string): void => {
        const facts = { code, host, ownCa: ca !== undefined, ownCert: cert !== undefined };
        this.#refusal = tlsRefusal({ ...facts, shown: secured.getPeerCertificate() });
      };
      secured.once('secureConnect', () => {
        if (secured.authorized) {
          this.#refusal = undefined;
          resolve({ socket: secured, secure: true });
          return;
        }
        refuse(String(secured.authorizationError));
        secured.destroy();
        reject(new Error(this.#refusal ?? String(secured.authorizationError)));
      });
      // With TLS 1.3 the server judges our certificate after the handshake has ended for us.
      secured.on('error', (error: NodeJS.ErrnoException) => {
        refuse(error.code ?? error.message);
        reject(error);
      });
      secured.once('close', () => reject(new Error('closed during the TLS handshake')));
    });
  }
}
