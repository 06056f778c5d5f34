import { connect } from 'node:net';

export interface HttpRequest {
  readonly socketPath: string;
  readonly method: string;
  /** Percent-encoded, with its query. */
  readonly path: string;
  /** JSON; undefined: no body. */
  readonly body: string | undefined;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  /** 0 when what came is no HTTP. */
  readonly status: number;
  readonly text: string;
}

/**
 * One HTTP/1.1 request and its answer on a unix socket, one connection for each. (`node:http` takes 30 ms to load, as long
 * as Node itself to start, and this is all that a client of weftd needs of it: the answers have a Content-Length.)
 *
 * @throws the error of the socket, ECONNRESET when the answer is cut short, the signal's reason.
 */
export function exchangeOverSocket(request: HttpRequest): Promise<HttpAnswer> {
  const { socketPath, signal } = request;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let failure: Error | undefined;
    const socket = connect(socketPath);
    const onAbort = (): void => void socket.destroy(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.once('error', (error) => (failure = error));
    socket.once('close', () => {
      signal.removeEventListener('abort', onAbort);
      const answer = readAnswer(Buffer.concat(chunks));
      // An agent that refuses a large body closes before it has read all of it: what it said counts.
      if (answer !== undefined) resolve(answer);
      else reject(failure ?? cutShort());
    });
    socket.write(bytesOf(request));
  });
}

function bytesOf({ method, path, body }: HttpRequest): string {
  const lines = [`${method} ${path} HTTP/1.1`, 'host: weftd', 'connection: close'];
  if (body !== undefined) {
    lines.push('content-type: application/json', `content-length: ${Buffer.byteLength(body)}`);
  }
  return `${lines.join('\r\n')}\r\n\r\n${body ?? ''}`;
}

/** Undefined when it is not complete. */
function readAnswer(bytes: Buffer): HttpAnswer | undefined {
  if (bytes.length === 0) return undefined;
  const end = bytes.indexOf('\r\n\r\n');
  const head = bytes.toString('latin1', 0, Math.max(end, 0));
  const status = /^HTTP\/1\.1 (\d{3})/.exec(head)?.[1];
  if (status === undefined) return { status: 0, text: bytes.toString('utf8') };
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  const body = bytes.subarray(end + 4);
  return body.length < length ? undefined : { status: Number(status), text: body.toString('utf8') };
}

function cutShort(): NodeJS.ErrnoException {
  return Object.assign(new Error('the answer is cut short'), { code: 'ECONNRESET' });
}
