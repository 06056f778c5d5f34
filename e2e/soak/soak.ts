import { startFlow, type Flow } from '../lab/flow.ts';
import type { Scene } from '../testing/scene.ts';
import { fixed, renderFigures } from '../bench/table.ts';
import { listKeys, takeCensus, type Census, type HostCount } from './census.ts';
import { deeds, lastingNetworks, lastingSandbox } from './deeds.ts';
import { judgeGrowth } from './growth.ts';
import { Random } from './random.ts';

export interface Verdict {
  readonly ok: boolean;
  readonly text: string;
}

interface Story {
  readonly complaints: string[];
  readonly census: Census[];
  deeds: number;
  sent: number;
}

/** Deeds between two looks at everything. */
const perCycle = 12;

/** Keeps the scene busy until the time is over, then takes everything apart and judges what was seen. */
export async function soak(
  scene: Scene,
  { minutes, seed }: { readonly minutes: number; readonly seed: number },
  say: (what: string) => void,
): Promise<Verdict> {
  const random = new Random(seed);
  const story: Story = { complaints: [], census: [], deeds: 0, sent: 0 };
  const start = performance.now();
  const minute = (): number => (performance.now() - start) / 60_000;
  await scene.declare('blue', { subnets: ['10.7.0.0/24', 'fd00:7::/64'] });
  await scene.declare('green', { subnets: ['10.8.0.0/24', 'fd00:8::/64'] });
  const before = await listKeys(scene.lab);
  for (const network of lastingNetworks) {
    for (const { name } of scene.hosts) await scene.join(name, lastingSandbox(network), network);
  }
  await scene.settled();
  while (minute() < minutes) {
    await oneCycle(scene, random, story, say);
    story.census.push(await takeCensus(scene.lab, minute()));
    say(
      `minute ${fixed(minute())}: ${story.deeds} deeds, ${story.sent} pings, ${story.complaints.length} complaints`,
    );
  }
  await takeApart(scene, story, before);
  return judge(scene, story);
}

/** A dozen deeds under traffic between those who stay, then a look at all tables and pairs. */
async function oneCycle(
  scene: Scene,
  random: Random,
  story: Story,
  say: (what: string) => void,
): Promise<void> {
  const flows = await startFlows(scene);
  try {
    for (let n = 0; n < perCycle; n += 1) {
      const deed = random.weighted(deeds);
      if (deed === undefined) continue;
      const what = await deed(scene, random);
      story.deeds += 1;
      say(what);
    }
    await scene.settled();
    const { expected, actual } = await scene.tablesAgree();
    if (JSON.stringify(expected) !== JSON.stringify(actual))
      story.complaints.push(
        `tables differ: expected ${JSON.stringify(expected)}, found ${JSON.stringify(actual)}`,
      );
    story.complaints.push(...(await scene.wrongPings()));
    for (const { name, flow } of flows) {
      const { sent, lost } = await flow.stop();
      story.sent += sent;
      if (lost.length > 0) story.complaints.push(`${name}: ${lost.length} of ${sent} pings lost`);
    }
  } finally {
    for (const { flow } of flows) await flow[Symbol.asyncDispose]();
  }
}

async function startFlows(scene: Scene): Promise<readonly { readonly name: string; readonly flow: Flow }[]> {
  const flows = [];
  for (const network of lastingNetworks) {
    const stay = scene.hosts.map(({ name }) => scene.member(name, lastingSandbox(network)));
    const [from, to] = [stay[0], stay.at(-1)];
    for (const address of to?.addresses ?? []) {
      const flow = await startFlow(from?.path ?? '', address, { perSecond: 50 });
      flows.push({ name: `${network} ${address}`, flow });
    }
  }
  return flows;
}

/** Detaches everything; what is then there and was not before has been left. */
async function takeApart(scene: Scene, story: Story, before: readonly string[] | undefined): Promise<void> {
  for (const { host, sandbox, network } of scene.members) await scene.leave(host, sandbox, network);
  const { expected, actual } = await scene.tablesAgree();
  if (JSON.stringify(expected) !== JSON.stringify(actual))
    story.complaints.push('tables are left after the last detach');
  for (const host of scene.hosts) {
    const left = host.networkNamespaces();
    if (left.length > 0) story.complaints.push(`${host.name} is left with namespaces: ${left.join(', ')}`);
  }
  const known = new Set(before);
  const left = (await listKeys(scene.lab))?.filter((key) => !known.has(key)) ?? [];
  if (left.length > 0) story.complaints.push(`keys are left in the store: ${left.join(', ')}`);
}

function judge(scene: Scene, { complaints, census, deeds: done, sent }: Story): Verdict {
  const readings: [name: string, unit: keyof HostCount, slack: number][] = [
    ['memory, MiB', 'rss', 10],
    ['open files', 'files', 4],
    ['network namespaces', 'namespaces', 2],
  ];
  const rows: string[][] = [];
  const grown: string[] = [];
  for (const [index, host] of scene.hosts.entries()) {
    for (const [name, unit, slack] of readings) {
      const values = census.map(({ hosts }) => Number(hosts[index]?.[unit]));
      const { early, late, grows } = judgeGrowth(values, slack);
      rows.push([`${host.name} ${name}`, fixed(early), fixed(late), grows ? 'GROWS' : 'steady']);
      if (grows) grown.push(`${host.name}: ${name} grows from ${fixed(early)} to ${fixed(late)}`);
    }
  }
  const all = [...complaints, ...grown];
  const table = renderFigures({
    title: `${done} deeds, ${sent} pings, ${census.length} looks at all tables`,
    head: ['what', 'second quarter', 'last quarter', ''],
    rows,
  });
  const end = all.length === 0 ? 'nothing was lost, nothing is left, nothing grows' : all.join('\n');
  return { ok: all.length === 0, text: `${table}${end}` };
}
