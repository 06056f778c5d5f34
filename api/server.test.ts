import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { WeftError } from '../model/errors.ts';
import { silentLogger, type LogFields } from '../model/logger.ts';
import { connect } from './client.ts';
import { failureJson } from './schemas/failure.ts';
import { startServer } from './server.ts';
import { FakeService, web } from './testing/fake-service.ts';
import { serveFake } from './testing/serve-fake.ts';
import { speak, type Spoken } from './testing/speak.ts';

const directory = mkdtempSync(join(tmpdir(), 'weft-server-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** One request with a body as text, and what came back. */
const say = (socketPath: string, line: string, body = ''): Promise<Spoken> =>
  speak(
    socketPath,
    `${line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );

describe('the socket', () => {
  test('is for its owner and group only, its directory is made, and close removes it', async () => {
    const socketPath = join(directory, 'deep', 'er', 'weftd.sock');
    const modeOf = (name: string): number => {
      writeFileSync(join(directory, name), '');
      return statSync(join(directory, name)).mode;
    };
    const before = modeOf('before');
    const server = await startServer({ service: new FakeService(), socketPath, logger: silentLogger });
    expect(statSync(socketPath).mode & 0o777).toBe(0o660);
    expect(modeOf('after')).toBe(before);
    await server.close();
    expect(statSync(socketPath, { throwIfNoEntry: false })).toBeUndefined();
  });

  test('left by a crash is replaced', async () => {
    const socketPath = join(directory, 'crashed.sock');
    const dies = `require('node:net').createServer().listen(${JSON.stringify(socketPath)}, () => process.kill(process.pid, 'SIGKILL'))`;
    expect(spawnSync(process.execPath, ['-e', dies]).signal).toBe('SIGKILL');
    expect(statSync(socketPath).isSocket()).toBe(true);
    const server = await startServer({ service: new FakeService(), socketPath, logger: silentLogger });
    expect(await connect(socketPath).attach({ network: 'blue', sandbox: 'c1' })).toEqual(web);
    await server.close();
  });

  test('with somebody behind it is refused, and he goes on', async () => {
    await using first = await serveFake();
    const second = serveFake({}, { socketPath: first.socketPath });
    await expect(second).rejects.toMatchObject({ code: 'NODE_CONFLICT' });
    await expect(second).rejects.toThrow(first.socketPath);
    expect(await connect(first.socketPath).attach({ network: 'blue', sandbox: 'c1' })).toEqual(web);
  });

  test('something else of that name is kept', async () => {
    const socketPath = join(directory, 'precious');
    writeFileSync(socketPath, 'data');
    await expect(serveFake({}, { socketPath })).rejects.toThrow(/precious: something that is not a socket/);
    expect(statSync(socketPath).isFile()).toBe(true);
  });

  test.each([
    ['relative/weftd.sock', /is not absolute/],
    [`/tmp/${'x'.repeat(110)}`, /has 115 bytes, of which the kernel takes 107/],
    ['/proc/version/weftd.sock', /cannot listen on \/proc\/version\/weftd\.sock/],
  ])('%s is no place', async (socketPath, message) => {
    await expect(serveFake({}, { socketPath })).rejects.toThrow(message);
  });
});

describe('requests that are refused', () => {
  test.each<[string, string, string, number, string, RegExp]>([
    ['an unknown path', 'GET /v2/networks', '', 404, 'INPUT_INVALID', /there is no \/v2\/networks here/],
    ['an empty name', 'GET /v1/networks/', '', 404, 'INPUT_INVALID', /there is no/],
    ['a broken escape', 'GET /v1/networks/%zz', '', 404, 'INPUT_INVALID', /there is no/],
    ['another method', 'DELETE /v1/networks', '', 405, 'INPUT_INVALID', /takes GET, POST, not DELETE/],
    ['no JSON', 'POST /v1/attach', '{"network":', 400, 'INPUT_INVALID', /the body is not JSON/],
    ['no body', 'POST /v1/attach', '', 400, 'INPUT_INVALID', /body: is missing/],
    ['a body where none is', 'GET /v1/networks', '{}', 400, 'INPUT_INVALID', /body: has no body/],
    ['a list for a declaration', 'PUT /v1/networks/blue', '[]', 400, 'INPUT_INVALID', /body: .*record/],
    ['a bad name', 'GET /v1/networks/..%2Fetc', '', 400, 'NAME_INVALID', /network name "\.\.\/etc" is not/],
    ['a parameter twice', 'GET /v1/endpoints?network=a&network=b', '', 400, 'INPUT_INVALID', /twice/],
    ['an unknown parameter', 'GET /v1/endpoints?netwrok=a', '', 400, 'INPUT_INVALID', /unknown "netwrok"/],
    ['a bad choice', 'DELETE /v1/networks/blue?force=yes', '', 400, 'INPUT_INVALID', /^force: .*"true"/],
    [
      'every problem at once',
      'POST /v1/attach',
      '{"network":"b/d","addresses":["10.7.0.2","10.7.0.256"],"mtu":1}',
      400,
      'INPUT_INVALID',
      /^network: network name "b\/d" is not allowed.*; sandbox: is missing; addresses\[1\]: "10\.7\.0\.256" is not .*; body: unknown "mtu"$/,
    ],
    [
      'what an alias may not be, and a priority beyond all',
      'POST /v1/attach',
      `{"network":"blue","sandbox":"c1","aliases":["a/b"],"routePriority":65536}`,
      400,
      'INPUT_INVALID',
      /^routePriority: .*65535.*; aliases\[0\]: endpoint name "a\/b" is not allowed/,
    ],
    [
      'an alias twice',
      'POST /v1/attach',
      `{"network":"blue","sandbox":"c1","aliases":["www","db","web","db","www","db"]}`,
      400,
      'INPUT_INVALID',
      /^aliases: has db twice; aliases: has www twice$/,
    ],
    [
      'a text in place of a list',
      'POST /v1/attach',
      `{"network":"blue","sandbox":"c1","addresses":"10.7.0.9 and more"}`,
      400,
      'INPUT_INVALID',
      /^addresses: Invalid input: expected array, received string$/,
    ],
    [
      'too many aliases',
      'POST /v1/attach',
      JSON.stringify({
        network: 'blue',
        sandbox: 'c1',
        aliases: Array.from({ length: 33 }, (_, n) => `a${n}`),
      }),
      400,
      'INPUT_INVALID',
      /^aliases: .*32/,
    ],
    [
      'detach of nothing',
      'POST /v1/detach',
      '{"network":"blue"}',
      400,
      'INPUT_INVALID',
      /says which endpoint/,
    ],
  ])('%s', async (_, line, body, status, code, message) => {
    await using served = await serveFake();
    const answer = await say(served.socketPath, line, body);
    expect(answer.status).toBe(status);
    const { error } = failureJson.parse(answer.json);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(served.service.calls).toEqual([]);
  });

  test('a wrong method is told the right ones', async () => {
    await using served = await serveFake();
    expect((await say(served.socketPath, 'PATCH /v1/networks/blue')).headers.allow).toBe('GET, PUT, DELETE');
  });

  test('bytes that are no UTF-8', async () => {
    await using served = await serveFake();
    const head = 'POST /v1/attach HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\n';
    const answer = await speak(
      served.socketPath,
      Buffer.concat([Buffer.from(head), Buffer.from([0xc3, 0x28])]),
    );
    expect(answer.status).toBe(400);
    expect(failureJson.parse(answer.json).error.message).toBe('the body is not JSON: it is not UTF-8');
  });

  test('a body of more than 1 MiB, said in advance or not', async () => {
    await using served = await serveFake();
    const large = ' '.repeat(1024 * 1024 + 1);
    const told = await say(served.socketPath, 'POST /v1/attach', large);
    expect(told.status).toBe(413);
    const chunked = `POST /v1/attach HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`;
    const untold = await speak(served.socketPath, chunked);
    expect(untold.status).toBe(413);
    expect(failureJson.parse(untold.json).error.message).toMatch(/larger than 1048576 bytes/);
  });

  test('what is no HTTP', async () => {
    await using served = await serveFake();
    const answer = await speak(served.socketPath, 'hello?\r\n\r\n');
    expect(answer.status).toBe(400);
    expect(failureJson.parse(answer.json).error.message).toMatch(/no HTTP request/);
  });

  test('one that never ends', async () => {
    await using served = await serveFake({}, { requestTimeout: 50 });
    const answer = await speak(
      served.socketPath,
      'POST /v1/attach HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{',
    );
    expect(answer.status).toBe(408);
    expect(failureJson.parse(answer.json).error.code).toBe('INPUT_INVALID');
  });
});

describe('answers', () => {
  test('health and readiness', async () => {
    await using ready = await serveFake();
    expect(await say(ready.socketPath, 'GET /healthz')).toMatchObject({ status: 200, json: { ok: true } });
    expect(ready.service.calls).toEqual([]);
    expect(await say(ready.socketPath, 'GET /readyz')).toMatchObject({ status: 200, json: { ready: true } });
    const answer = { ready: false, reasons: ['it has not joined'] };
    await using unready = await serveFake({ readiness: async () => answer });
    expect(await say(unready.socketPath, 'GET /readyz')).toMatchObject({ status: 503, json: answer });
  });

  test('the OpenAPI document', async () => {
    await using served = await serveFake();
    expect(await say(served.socketPath, 'GET /v1/openapi.json')).toMatchObject({
      status: 200,
      json: { openapi: '3.1.0' },
    });
  });

  test('a failure of the service has the status of its code', async () => {
    const details = { holder: 'web', vni: 5n, nodes: new Map([['n1', new Set([1])]]) };
    await using served = await serveFake({
      attach: async () => {
        throw new WeftError('ADDRESS_TAKEN', '10.7.0.2 is held by web', { details });
      },
    });
    const answer = await say(served.socketPath, 'POST /v1/attach', '{"network":"blue","sandbox":"c1"}');
    expect(answer.status).toBe(409);
    expect(answer.json).toEqual({
      error: {
        code: 'ADDRESS_TAKEN',
        message: '10.7.0.2 is held by web',
        retry: 'conflict',
        details: { holder: 'web', vni: '5', nodes: { n1: [1] } },
      },
    });
  });

  test('anything else that is thrown is our bug: logged with its stack, told without', async () => {
    const lines: (LogFields | undefined)[] = [];
    const logger = { ...silentLogger, error: (_: string, fields?: LogFields) => void lines.push(fields) };
    const status = (): never => {
      throw new TypeError('x is not a function');
    };
    await using served = await serveFake({ status }, { logger });
    const answer = await say(served.socketPath, 'GET /v1/status');
    expect(answer.status).toBe(500);
    expect(answer.json).toEqual({
      error: { code: 'INVARIANT', message: 'unexpected: x is not a function', retry: 'bug', details: {} },
    });
    expect(lines).toMatchObject([{ code: 'INVARIANT', url: '/v1/status' }]);
    expect(lines[0]?.['stack']).toMatch(/TypeError: x is not a function\n.*server\.test/s);
  });
});

describe('the end', () => {
  test('a request under way is answered, a new one is not taken', async () => {
    const { promise, resolve } = Promise.withResolvers<typeof web>();
    const asked = Promise.withResolvers<undefined>();
    const attach = (): Promise<typeof web> => {
      asked.resolve(undefined);
      return promise;
    };
    const socketPath = join(directory, 'ending.sock');
    const service = new FakeService({ attach });
    const server = await startServer({ service, socketPath, logger: silentLogger });
    const attached = connect(socketPath).attach({ network: 'blue', sandbox: 'c1' });
    await asked.promise;
    const closed = server.close();
    await expect(connect(socketPath).status()).rejects.toMatchObject({ code: 'DAEMON_UNREACHABLE' });
    resolve(web);
    expect(await attached).toEqual(web);
    await closed;
  });

  test('does not wait for ever: neither for an operation nor for an idle connection', async () => {
    const socketPath = join(directory, 'stuck.sock');
    const asked = Promise.withResolvers<undefined>();
    const status = (): Promise<never> => {
      asked.resolve(undefined);
      return new Promise(() => undefined);
    };
    const service = new FakeService({ status });
    const server = await startServer({ service, socketPath, logger: silentLogger, closeTimeout: 20 });
    const idle = connectSocket(socketPath);
    const stuck = expect(connect(socketPath).status()).rejects.toMatchObject({ code: 'DAEMON_UNREACHABLE' });
    await asked.promise;
    await server.close();
    await stuck;
    idle.destroy();
  });

  test('a client that goes away while it speaks leaves the server well', async () => {
    await using served = await serveFake();
    const rude = connectSocket(served.socketPath);
    await new Promise((resolve) =>
      rude.write('POST /v1/attach HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{', resolve),
    );
    rude.destroy();
    expect(await connect(served.socketPath).listEndpoints()).toEqual([web]);
  });
});
