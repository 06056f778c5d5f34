import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { silentLogger } from '../model/logger.ts';
import type { CounterName, HistogramName, Metrics } from '../model/metric.ts';
import { parseSocketAddress, type SocketAddress } from '../model/socket-address.ts';
import { connect } from './client.ts';
import { exchangeOverSocket } from './exchange-over-socket.ts';
import { startMetricsServer } from './metrics-server.ts';
import { FakeService } from './testing/fake-service.ts';
import { serveFake } from './testing/serve-fake.ts';

interface Got {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly text: string;
}

function get({ ip, port }: SocketAddress, path: string, method = 'GET'): Promise<Got> {
  return new Promise((resolve, reject) => {
    const call = request({ host: ip, port, path, method, agent: false }, (reply) => {
      let text = '';
      reply.setEncoding('utf8').on('data', (part: string) => (text += part));
      reply.once('end', () => {
        resolve({ status: reply.statusCode, type: reply.headers['content-type'], text });
      });
    });
    call.once('error', reject);
    call.end();
  });
}

/** Somebody who listens on a port of his own. */
async function listening(host: string): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

const closed = (server: Server): Promise<unknown> => new Promise((resolve) => server.close(resolve));

const counting = (): { readonly metrics: Metrics; readonly counted: string[] } => {
  const counted: string[] = [];
  const note = (name: CounterName | HistogramName, labels: object): void => {
    counted.push([name, ...Object.values(labels)].join(' '));
  };
  return { counted, metrics: { count: note, observe: note } };
};

test.each(['127.0.0.1', '::1'])('%s has the metrics and nothing else of the API', async (ip) => {
  const { server: other, port } = await listening(ip);
  await closed(other);
  const address = parseSocketAddress(ip === '::1' ? `[::1]:${port}` : `${ip}:${port}`);
  const service = new FakeService();
  const server = await startMetricsServer({ service, address, logger: silentLogger });
  try {
    expect(await get(address, '/metrics')).toEqual({
      status: 200,
      type: 'text/plain; version=0.0.4; charset=utf-8',
      text: 'weft_ready 1\n',
    });
    for (const [path, method] of [
      ['/v1/networks', 'GET'],
      ['/v1/status', 'GET'],
      ['/v1/attach', 'POST'],
      ['/v1/networks/blue', 'DELETE'],
      ['/metrics', 'POST'],
      ['/', 'GET'],
    ] as const) {
      const { status, text } = await get(address, path, method);
      expect([path, status]).toEqual([path, 404]);
      expect(text).toContain('there is nothing but GET /metrics here');
    }
    expect(service.calls).toEqual([['metrics', undefined]]);
  } finally {
    await server.close();
  }
  await expect(get(address, '/metrics')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a place that somebody has, or that is not here, is refused by name', async () => {
  const { server: other, port } = await listening('127.0.0.1');
  const start = (text: string): Promise<unknown> =>
    startMetricsServer({
      service: new FakeService(),
      address: parseSocketAddress(text),
      logger: silentLogger,
    });
  const taken = start(`127.0.0.1:${port}`);
  await expect(taken).rejects.toMatchObject({ code: 'NODE_CONFLICT' });
  await expect(taken).rejects.toThrow(`cannot serve metrics on 127.0.0.1:${port}: something listens there`);
  await closed(other);
  const elsewhere = start('192.0.2.77:9479');
  await expect(elsewhere).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  await expect(elsewhere).rejects.toThrow('192.0.2.77:9479: this node has no such address');
});

test('the socket has them as well, and every answer is counted by what was asked and what came of it', async () => {
  const { metrics, counted } = counting();
  await using served = await serveFake({}, { metrics });
  const { socketPath } = served;
  const signal = AbortSignal.timeout(10_000);
  const question = { socketPath, method: 'GET', path: '/metrics', body: undefined, signal };
  expect(await exchangeOverSocket(question)).toEqual({ status: 200, text: 'weft_ready 1\n' });
  const client = connect(socketPath);
  await client.attach({ network: 'blue', sandbox: 'c1' });
  await expect(client.attach({ network: '..', sandbox: 'c1' })).rejects.toMatchObject({
    code: 'NAME_INVALID',
  });
  await client.listNodes();
  expect((await exchangeOverSocket({ ...question, path: '/nothing' })).status).toBe(404);
  expect(counted).toEqual([
    'weft_operations_total metrics ok',
    'weft_operations_total attach ok',
    'weft_operation_duration_seconds attach',
    'weft_operations_total attach NAME_INVALID',
    'weft_operation_duration_seconds attach',
    'weft_operations_total listNodes ok',
    'weft_operations_total unknown INPUT_INVALID',
  ]);
});
