import { expect, test } from '@jest/globals';
import { FakeClock } from '../../model/testing/fake-clock.ts';
import { silentLogger } from '../../model/logger.ts';
import type { Secrets } from '../credentials.ts';
import { CallFailed, grpcStatus } from './errors.ts';
import { Login } from './login.ts';

class World {
  readonly clock = new FakeClock();
  readonly said: string[] = [];
  secrets: Secrets = { user: 'node', password: 'one' };
  /** Logins that a server was asked for. */
  readonly asked: string[] = [];
  /** What it answers instead of a token. */
  answer: CallFailed | undefined;
  readonly login = new Login({
    clock: this.clock,
    logger: { ...silentLogger, warn: (message) => void this.said.push(message) },
    credentials: { read: async () => this.secrets },
  });

  /** The token of a call; undefined when it has none. */
  async token(): Promise<string | undefined> {
    const { metadata } = await this.login.pass(async (user, password) => {
      this.asked.push(`${user}:${password}`);
      if (this.answer !== undefined) throw this.answer;
      return `token ${this.asked.length}`;
    });
    return metadata.get('token')[0]?.toString();
  }
}

const failed = (code: number, details = 'what etcd says'): CallFailed =>
  new CallFailed('s1:2379', { code, details });

test('calls without a user say nothing and ask for nothing', async () => {
  const world = new World();
  world.secrets = {};
  expect([await world.token(), world.asked]).toEqual([undefined, []]);
});

test('one login serves all calls, also those that begin before it is done', async () => {
  const world = new World();
  const tokens = await Promise.all([world.token(), world.token()]);
  expect([...tokens, await world.token(), world.asked]).toEqual([
    'token 1',
    'token 1',
    'token 1',
    ['node:one'],
  ]);
});

test('a pass that many drop is renewed once, with the password of then', async () => {
  const world = new World();
  await world.token();
  world.secrets = { user: 'node', password: 'two' };
  world.login.drop(0);
  world.login.drop(0);
  expect([await world.token(), world.login.generation]).toEqual(['token 2', 1]);
  world.login.drop(0);
  expect([await world.token(), world.asked]).toEqual(['token 2', ['node:one', 'node:two']]);
});

test('what was refused is not asked again at once, unless the password is another one', async () => {
  const world = new World();
  world.answer = failed(grpcStatus.invalidArgument, 'authentication failed');
  const why = { stage: 'login', details: 'login of the user node: authentication failed' };
  for (let n = 0; n < 5; n += 1) await expect(world.token()).rejects.toMatchObject(why);
  expect(world.asked).toHaveLength(1);
  await world.clock.advance(2000);
  await expect(world.token()).rejects.toMatchObject(why);
  expect(world.asked).toHaveLength(2);
  world.answer = undefined;
  world.secrets = { user: 'node', password: 'two' };
  expect(await world.token()).toBe('token 3');
});

test('a server that is away has refused nothing', async () => {
  const world = new World();
  world.answer = failed(grpcStatus.unavailable);
  for (let n = 0; n < 2; n += 1) await expect(world.token()).rejects.toBe(world.answer);
  world.answer = undefined;
  expect(await world.token()).toBe('token 3');
});

test('a server without users is told of once, and its calls have no token', async () => {
  const world = new World();
  world.answer = failed(grpcStatus.failedPrecondition, 'authentication is not enabled');
  expect(await world.token()).toBeUndefined();
  world.login.drop(0);
  expect(await world.token()).toBeUndefined();
  expect(world.said).toEqual(['authentication is not enabled in etcd; everybody may write']);
  world.login.drop(1);
  world.answer = undefined;
  expect(await world.token()).toBe('token 3');
});
