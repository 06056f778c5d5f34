import { createServer } from 'node:http';
import { createServer as createSocketServer } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { WeftError } from '../model/errors.ts';
import { connect, type Client } from './client.ts';
import { blue, drained, forgotten, healthy, nodes, refused, web } from './testing/fake-service.ts';
import { serveFake } from './testing/serve-fake.ts';

const directory = mkdtempSync(join(tmpdir(), 'weft-client-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('every method reaches its counterpart', () => {
  test.each<[string, (client: Client) => Promise<unknown>, unknown, unknown]>([
    ['status', (c) => c.status(), undefined, healthy],
    ['config', (c) => c.config(), undefined, [{ key: 'name', value: 'n1', origin: 'default (host name)' }]],
    ['readiness', (c) => c.readiness(), undefined, { ready: true, reasons: [] }],
    ['listNetworks', (c) => c.listNetworks(), undefined, [blue, refused]],
    [
      'createNetwork',
      (c) => c.createNetwork('blue', { subnets: ['10.7.0.0/24'] }),
      { name: 'blue', declaration: { subnets: ['10.7.0.0/24'] } },
      blue,
    ],
    [
      'applyNetwork',
      (c) => c.applyNetwork('blue', { subnets: [] }),
      { name: 'blue', declaration: { subnets: [] } },
      { outcome: 'created', network: blue },
    ],
    ['inspectNetwork', (c) => c.inspectNetwork('blue'), { name: 'blue' }, blue],
    ['removeNetwork', (c) => c.removeNetwork('blue'), { name: 'blue', force: false }, { state: 'removed' }],
    [
      'removeNetwork',
      (c) => c.removeNetwork('blue', { force: true }),
      { name: 'blue', force: true },
      { state: 'removed' },
    ],
    ['listEndpoints', (c) => c.listEndpoints(), {}, [web]],
    ['listEndpoints', (c) => c.listEndpoints('blue'), { network: 'blue' }, [web]],
    ['inspectEndpoint', (c) => c.inspectEndpoint('web'), { endpoint: 'web' }, web],
    ['inspectEndpoint', (c) => c.inspectEndpoint('a/b?', 'blue'), { endpoint: 'a/b?', network: 'blue' }, web],
    [
      'attach',
      (c) => c.attach({ network: 'blue', sandbox: 'c1', addresses: ['FD00:7::0009'] }),
      {
        network: 'blue',
        sandbox: 'c1',
        addresses: ['fd00:7::9'],
        labels: new Map(),
        timeout: 10_000,
      },
      web,
    ],
    [
      'detach',
      (c) => c.detach({ network: 'blue', sandbox: 'c1' }),
      { network: 'blue', sandbox: 'c1', timeout: 10_000 },
      { detached: true },
    ],
    ['listNodes', (c) => c.listNodes(), undefined, nodes],
    ['forgetNode', (c) => c.forgetNode('n2'), { node: 'n2' }, forgotten],
    [
      'drainNode',
      (c) => c.drainNode('n1', { confirm: 'drain n1' }),
      { node: 'n1', confirm: 'drain n1', timeout: 10_000 },
      drained,
    ],
  ])('%s', async (method, call, request, answer) => {
    await using served = await serveFake();
    expect(await call(connect(served.socketPath))).toEqual(answer);
    expect(served.service.calls).toEqual([[method, request]]);
  });
});

describe('answers that are no success', () => {
  test('a failure comes back as the error that was thrown', async () => {
    await using served = await serveFake({
      attach: () => {
        throw new WeftError('ADDRESS_TAKEN', '10.7.0.2 is held by web', { details: { holder: 'web' } });
      },
    });
    await expect(connect(served.socketPath).attach({ network: 'blue', sandbox: 'c1' })).rejects.toMatchObject(
      {
        code: 'ADDRESS_TAKEN',
        retry: 'conflict',
        message: '10.7.0.2 is held by web',
        details: { holder: 'web' },
      },
    );
  });

  test('unready is an answer, a failed question about it is not', async () => {
    const answer = { ready: false, reasons: ['it is still reading the store'] };
    await using served = await serveFake({ readiness: async () => answer });
    expect(await connect(served.socketPath).readiness()).toEqual(answer);
    await using broken = await serveFake({
      readiness: () => {
        throw new WeftError('STORE_UNAVAILABLE', 'away');
      },
    });
    await expect(connect(broken.socketPath).readiness()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  test.each([
    [200, 'pardon?', /answered 200 with "pardon\?": is it a weftd\?/],
    [502, '<html>', /answered 502/],
    [400, '{"error":{"code":"FROM_TOMORROW","message":"a code that came later"}}', /a code that came later/],
  ])('%i %s is named', async (status, body, message) => {
    const path = join(directory, `odd-${status}`);
    const headers = { 'content-length': Buffer.byteLength(body) };
    const odd = createServer((_, response) => response.writeHead(status, headers).end(body));
    await new Promise<void>((resolve) => odd.listen(path, resolve));
    try {
      await expect(connect(path).status()).rejects.toMatchObject({ code: 'INVARIANT' });
      await expect(connect(path).status()).rejects.toThrow(message);
    } finally {
      await new Promise((resolve) => odd.close(resolve));
    }
  });
});

test('an empty name is refused, and asks for nothing else', async () => {
  const client = connect('/nowhere');
  for (const ask of [client.inspectNetwork(''), client.inspectEndpoint(''), client.findAddress('')])
    await expect(ask).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/^an empty \w+ names nothing$/),
    });
});

test('a body that is too large is refused by the agent, not by the pipe', async () => {
  await using served = await serveFake();
  const large = { subnets: [' '.repeat(3 * 1024 * 1024)] };
  await expect(connect(served.socketPath).applyNetwork('blue', large)).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: 'the body is larger than 1048576 bytes',
  });
});

describe('no answer', () => {
  test('nobody there: the socket is named, and how to start weftd', async () => {
    const path = join(directory, 'nobody');
    const refusal = expect(connect(path).status()).rejects;
    await refusal.toMatchObject({ code: 'DAEMON_UNREACHABLE', details: { socket: path, errno: 'ENOENT' } });
    await expect(connect(path).status()).rejects.toThrow(/nobody answers on .*nobody.*systemctl start weftd/);
  });

  test('too late', async () => {
    await using served = await serveFake({ status: () => new Promise(() => undefined) }, { closeTimeout: 1 });
    const asked = connect(served.socketPath, { timeout: 20 }).status();
    await expect(asked).rejects.toMatchObject({ code: 'TIMEOUT' });
    await expect(asked).rejects.toThrow(/no answer to GET \/v1\/status within 20 ms/);
  });

  test('a wait of many days is refused by the agent, and does not end at once', async () => {
    await using served = await serveFake();
    const asked = connect(served.socketPath).attach({ network: 'blue', sandbox: 'c1', timeout: 3.6e9 });
    await expect(asked).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('timeout: must be at most 600000 ms, ten minutes') as unknown,
    });
  });

  test('an attach may take as long as it asked for', async () => {
    const { promise, resolve } = Promise.withResolvers<typeof web>();
    await using served = await serveFake({ attach: () => promise });
    const client = connect(served.socketPath, { timeout: 0 });
    await expect(client.attach({ network: 'blue', sandbox: 'c1', timeout: 1 })).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    const patient = client.attach({ network: 'blue', sandbox: 'c1', timeout: 60_000 });
    resolve(web);
    expect(await patient).toEqual(web);
  });

  test.each([
    ['no HTTP at all', 'SSH-2.0-OpenSSH_9.2\r\n', 'INVARIANT', /answered 0 with "SSH-2\.0/],
    [
      'half an answer',
      'HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{"ok":',
      'DAEMON_UNREACHABLE',
      /broke off .*cut short/,
    ],
  ])('%s', async (what, bytes, code, message) => {
    const path = join(directory, what.replaceAll(' ', '-'));
    const odd = createSocketServer((socket) => socket.resume().end(bytes));
    await new Promise<void>((resolve) => odd.listen(path, resolve));
    try {
      await expect(connect(path).status()).rejects.toMatchObject({ code });
      await expect(connect(path).status()).rejects.toThrow(message);
    } finally {
      await new Promise((resolve) => odd.close(resolve));
    }
  });

  test('broken off in the middle', async () => {
    const path = join(directory, 'rude');
    const rude = createServer((request) => request.socket.destroy());
    await new Promise<void>((resolve) => rude.listen(path, resolve));
    try {
      await expect(connect(path).status()).rejects.toMatchObject({ code: 'DAEMON_UNREACHABLE' });
      await expect(connect(path).status()).rejects.toThrow(/broke off GET \/v1\/status/);
    } finally {
      await new Promise((resolve) => rude.close(resolve));
    }
  });
});
