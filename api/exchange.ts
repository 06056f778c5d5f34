import type { IncomingMessage, ServerResponse } from 'node:http';
import { WeftError } from '../model/errors.ts';
import { toFailureJson } from './failure.ts';
import type { Reply } from './operations/operation.ts';

/** The most that a request's body may have: a declaration of the largest network is far below. */
export const bodyLimit = 1024 * 1024;

/** How long a client may take to fetch an answer, in milliseconds. */
const fetchTimeout = 30_000;

/** A request that is no proper one of this API; its HTTP status says more than that of its code does. */
export class RequestError extends WeftError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    options: { readonly headers?: Readonly<Record<string, string>>; readonly cause?: unknown } = {},
  ) {
    super('INPUT_INVALID', message, { cause: options.cause });
    this.status = status;
    this.headers = options.headers ?? {};
  }
}

/** The body as JSON, undefined when there is none. @throws RequestError: too large, or no JSON in UTF-8. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const bytes = await readBytes(request);
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message : 'it is not UTF-8';
    throw new RequestError(400, `the body is not JSON: ${why}`, { cause: error });
  }
}

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes = chunk as Buffer;
    length += bytes.length;
    if (length > bodyLimit) {
      throw new RequestError(413, `the body is larger than ${bodyLimit} bytes`);
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

/** The query as a record. @throws RequestError when a parameter is given twice: nobody knows which one is meant. */
export function readQuery(search: string): Readonly<Record<string, string>> {
  const query = new Map<string, string>();
  for (const [key, value] of new URLSearchParams(search)) {
    if (query.has(key)) throw new RequestError(400, `${key} is given twice in the query`);
    query.set(key, value);
  }
  return Object.fromEntries(query);
}

/** Sends one answer: JSON, unless it is `text` of this media type. A request that was not read to its end closes the connection. */
export function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, body, text }: Reply,
  headers: Readonly<Record<string, string>> = {},
): void {
  const bytes = Buffer.from(text === undefined ? `${JSON.stringify(body)}\n` : String(body));
  const close = request.complete ? {} : { connection: 'close' };
  response.setTimeout(fetchTimeout, () => request.socket.destroy());
  response.writeHead(status, {
    'content-type': text ?? 'application/json',
    'content-length': bytes.length,
    ...close,
    ...headers,
  });
  response.end(bytes);
}

/** The bytes of an answer to something that was no HTTP request, or came too slowly to become one. */
export function rawFailure(error: NodeJS.ErrnoException): string {
  const slow = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const large = error.code === 'HPE_HEADER_OVERFLOW';
  const [status, what] = slow
    ? ['408 Request Timeout', 'the request did not come to its end in time']
    : large
      ? ['431 Request Header Fields Too Large', 'the headers are too large']
      : ['400 Bad Request', `this is no HTTP request: ${error.message}`];
  const body = `${JSON.stringify(toFailureJson(new WeftError('INPUT_INVALID', what)))}\n`;
  const head = [
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  return `HTTP/1.1 ${status}\r\n${head.join('\r\n')}\r\n\r\n${body}`;
}
