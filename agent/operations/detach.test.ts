import { describe, expect, test } from '@jest/globals';
import { detachBody } from '../../api/schemas/endpoint.ts';
import { sandboxScope } from '../../linux/objects/scope.ts';
import type { EndpointId } from '../../model/endpoint.ts';
import { WeftError } from '../../model/errors.ts';
import type { NetworkId } from '../../model/network.ts';
import { World } from '../testing/world.ts';
import { detachAgain, detachDead } from './detach.ts';
import { blueOn, claims } from './testing/blue.ts';

describe('detach', () => {
  test('takes everything of the last endpoint away, here and in the store', async () => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    await h1!.attach('blue', 'c1');
    expect(await h1!.detach({ network: 'blue', sandbox: '/run/netns/c1' })).toBe(true);
    expect(await claims(world)).toBe(2);
    await world.until('the namespace to go', () => h1!.agent.reconciler.networks().size === 0);
    expect(await h1!.kernel.namespaces()).toEqual([]);
    expect(await h1!.detach({ network: 'blue', sandbox: '/run/netns/c1' })).toBe(false);
  });

  test('of a sandbox that is attached under other keys takes none of them, and names them', async () => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    const sandbox = h1!.sandbox('c1');
    for (const key of ['a', 'b']) await h1!.attachAgain('blue', sandbox, { key });
    await h1!.attach('blue', 'c2', { key: 'c' });
    const request = detachBody.parse({ network: 'blue', sandbox });
    const before = await claims(world);
    for (const wait of [false, true]) {
      const answer = await h1!.service.detach({ ...request, wait });
      expect(answer).toMatchObject({ detached: false, otherKeys: ['a', 'b'] });
    }
    expect(await claims(world)).toBe(before);
    expect(await h1!.service.detach(detachBody.parse({ network: 'blue', key: 'd' }))).toEqual({
      detached: false,
    });
    for (const key of ['a', 'b']) expect(await h1!.detach({ network: 'blue', sandbox, key })).toBe(true);
    expect(await h1!.service.detach(request)).toEqual({ detached: false });
  });

  test('of a sandbox by another name of its namespace names the key by which it is attached', async () => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    await h1!.attach('blue', 'c1');
    await h1!.attach('blue', 'c2');
    const { kernel } = h1!;
    const identify = kernel.identify.bind(kernel);
    const alias = sandboxScope('/run/netns/alias');
    kernel.identify = (scope) => identify(scope === alias ? sandboxScope('/run/netns/c1') : scope);
    const request = detachBody.parse({ network: 'blue', sandbox: '/run/netns/alias' });
    expect(await h1!.service.detach(request)).toEqual({ detached: false, otherKeys: ['netns:c1'] });
  });

  test('waits until the kernel has let go, when it does so only at the third try', async () => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    await h1!.attach('blue', 'c0');
    await h1!.attach('blue', 'c1');
    const busy = new WeftError('KERNEL_REFUSED', 'EBUSY', { details: { errno: 'EBUSY' } });
    for (let n = 0; n < 2; n += 1) h1!.kernel.refuseNext({ op: 'delete', kind: 'veth' }, busy);
    expect(await world.settled(h1!.detach({ network: 'blue', sandbox: '/run/netns/c1' }))).toBe(true);
    expect(h1!.kernel.peek().filter(({ kind }) => kind === 'veth')).toHaveLength(1);
    for (let n = 0; n < 2; n += 1) h1!.kernel.refuseNext({ op: 'delete', kind: 'netns' }, busy);
    expect(await world.settled(h1!.detach({ network: 'blue', sandbox: '/run/netns/c0' }))).toBe(true);
    expect(h1!.kernel.peek()).toEqual([]);
  });

  test('does not wait for what the kernel will not let go', async () => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    await h1!.attach('blue', 'c0');
    await h1!.attach('blue', 'c1');
    const denied = new WeftError('PERMISSION_DENIED', 'EPERM', { details: { errno: 'EPERM' } });
    h1!.kernel.refuseNext({ op: 'delete', kind: 'veth' }, denied);
    expect(await h1!.detach({ network: 'blue', sandbox: '/run/netns/c1' })).toBe(true);
    const [problem] = (await h1!.service.status()).problems;
    expect(problem).toMatchObject({ why: 'EPERM', hint: expect.stringContaining('every five minutes') });
  });

  test('of the endpoint of another node names that node and leaves it alone', async () => {
    await using world = new World();
    const [h1, h2] = await blueOn(world, 1, 2);
    await h2!.attach('blue', 'c1', { name: 'web' });
    await expect(h1!.detach({ network: 'blue', endpoint: 'web' })).rejects.toMatchObject({
      code: 'ENDPOINT_NOT_LOCAL',
      message: expect.stringContaining('h2'),
    });
    expect(h1!.agent.operations.intents.open()).toEqual([]);
    await h1!.restart();
    expect(await claims(world)).toBe(2 + 4);
  });

  test.each(['applied', 'not applied'] as const)('whose reply was lost, %s, is done', async (fate) => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    await h1!.attach('blue', 'c1');
    h1!.store.loseNextReply(fate);
    expect(await h1!.detach({ network: 'blue', sandbox: '/run/netns/c1' })).toBe(true);
    expect(await claims(world)).toBe(2);
  });

  test('of what was detached before leaves one alone that was attached anew meanwhile', async () => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    const { networkId, id } = await h1!.attach('blue', 'c1');
    const again = () =>
      detachAgain(networkId as NetworkId, id as EndpointId, h1!.agent.operations, h1!.agent.deadline(1000));
    await h1!.detach({ network: 'blue', sandbox: '/run/netns/c1' });
    const attaching = h1!.attach('blue', 'c1');
    const { intents } = h1!.agent.operations;
    await world.until('the attach to have begun', () => intents.get(id as EndpointId) !== undefined);
    // It has its turn when the attach is through.
    const [attached, outcome] = await Promise.all([attaching, again()]);
    expect([attached.id, outcome]).toEqual([id, 'nothing to undo']);
    expect(await claims(world)).toBe(2 + 3);
    await h1!.detach({ network: 'blue', sandbox: '/run/netns/c1' });
    expect([await again(), await claims(world)]).toEqual(['nothing to undo', 2]);
  });

  test('of a dead sandbox leaves one alone that was attached anew meanwhile', async () => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    const { networkId, id } = await h1!.attach('blue', 'c1');
    const late = h1!.agent.deadline(1000);
    const gone = () => detachDead(networkId as NetworkId, id as EndpointId, h1!.agent.operations, late);
    expect(await gone()).toBe('nothing to undo');
    h1!.kernel.killSandbox(sandboxScope('/run/netns/c1'));
    expect(await gone()).toBe('detached');
  });

  test('while the store is away is done when it is back', async () => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    await h1!.attach('blue', 'c1');
    h1!.store.goAway();
    await world.until('the loss to be noticed', () => h1!.agent.view.state === 'stale');
    expect(await world.settled(h1!.detach({ network: 'blue', sandbox: '/run/netns/c1' }))).toBe(true);
    expect(h1!.agent.operations.intents.open()).toHaveLength(1);
    h1!.store.comeBack();
    await world.until('the detach to be made up for', () => h1!.agent.operations.intents.open().length === 0);
    expect(await claims(world)).toBe(2);
  });
});
