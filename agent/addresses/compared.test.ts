import { describe, expect, test } from '@jest/globals';
import { asWeftError } from '../../model/errors.ts';
import { ipToBigint, type Ip } from '../../model/ip.ts';
import type { Name } from '../../model/name.ts';
import { World, type TestNode } from '../testing/world.ts';
import type { Case, Outcome, Step, SubnetWish } from '../../ipam/testing/compared/case.ts';
import { topics } from '../../ipam/testing/compared/topics.ts';

/** More than any of these networks has room for. */
const many = 12;

/** What came of a step: addresses without their prefix length, a refusal, or nothing to undo. */
type Answer =
  | { readonly addresses: readonly string[] }
  | { readonly code: string; readonly message: string }
  | 'nothing to do';

const create = (node: TestNode, name: string, subnets: readonly SubnetWish[]) =>
  node.service.createNetwork({ name: name as Name, declaration: { subnets } });

async function answerOf(node: TestNode, step: Step): Promise<Answer> {
  try {
    if ('detach' in step) {
      const isDetached = await node.detach({ network: 'blue', sandbox: step.detach });
      return isDetached ? { addresses: [] } : 'nothing to do';
    }
    const { addresses } = await node.attach('blue', step.attach, { addresses: [...(step.addresses ?? [])] });
    return { addresses: addresses.map((ip) => ip.replace(/\/.*/, '')) };
  } catch (error) {
    const { code, message } = asWeftError(error);
    return { code, message };
  }
}

async function expectSteps(node: TestNode, steps: readonly Step[], outcome: Outcome): Promise<void> {
  const answers: Answer[] = [];
  for (const step of steps) answers.push(await answerOf(node, step));
  const last = answers.pop();
  // Only the last one is in question.
  for (const before of answers) expect(before).toHaveProperty('addresses');
  switch (outcome.kind) {
    case 'addresses': {
      expect(last).toEqual({ addresses: outcome.are });
      return;
    }
    case 'within': {
      const [address = ''] = (last as { readonly addresses: readonly Ip[] }).addresses;
      const [value, first, end] = [address, outcome.first, outcome.last].map((ip) => ipToBigint(ip as Ip));
      expect([value! >= first!, value! <= end!]).toEqual([true, true]);
      return;
    }
    case 'attach refused': {
      expect(last).toEqual({ code: outcome.code, message: expect.stringContaining(outcome.says) });
      return;
    }
    case 'nothing to do': {
      expect(last).toBe('nothing to do');
      return;
    }
    default:
      throw new Error(`${outcome.kind} is no outcome of a step`);
  }
}

/** Attaches until nothing is free. */
async function roomOf(node: TestNode): Promise<number> {
  for (let n = 0; n < many; n += 1) {
    const answer = await answerOf(node, { attach: `c${n}` });
    if (answer === 'nothing to do' || 'addresses' in answer) continue;
    expect(answer.code).toBe('POOL_EXHAUSTED');
    return n;
  }
  throw new Error(`there is room for ${many}`);
}

async function expectCase({ subnets, before, steps = [], weft }: Case): Promise<void> {
  await using world = new World();
  const node = await world.ready(1);
  if (before !== undefined) await create(node, 'before', before);
  const created = create(node, 'blue', subnets);
  if (weft.kind === 'refused') {
    await expect(created).rejects.toMatchObject({
      code: weft.code,
      message: expect.stringContaining(weft.says),
    });
    return;
  }
  const network = await created;
  const gateways = 'subnets' in network ? network.subnets.map(({ gateway }) => gateway) : [];
  if (weft.kind === 'gateways') expect(gateways).toEqual(weft.are);
  else if (weft.kind === 'room') expect(await roomOf(node)).toBe(weft.is);
  else await expectSteps(node, steps, weft);
  // Whatever was refused has left nothing.
  expect((await node.service.checkAddresses({ fix: false })).findings).toEqual([]);
  const taken = await world.keys(`net/`);
  const endpoints = taken.filter((key) => key.includes('/endpoint/')).length;
  const claims = taken.filter((key) => key.includes('/claim/mac/')).length;
  expect(claims).toBe(endpoints);
}

describe.each(topics.map(({ title, cases }) => [title, cases] as const))('%s:', (_, cases) => {
  test.each(cases.map((each) => [each.wish, each] as const))('%s', async (_wish, each) => {
    await expectCase(each);
  });
});
