import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { freshNamespace, until, type FreshNamespace } from './testing/fresh-namespace.ts';

const root = join(import.meta.dirname, '..');
const ends = { 4: ['192.0.2.1', '192.0.2.2'], 6: ['2001:db8::1', '2001:db8::2'] } as const;

/** Two hosts on one wire; `disposer` removes them. */
function hosts(disposer: DisposableStack): { readonly near: FreshNamespace; readonly far: FreshNamespace } {
  const near = disposer.use(freshNamespace());
  const far = disposer.use(freshNamespace());
  near.run('ip', 'link', 'add', 'up0', 'type', 'veth', 'peer', 'up0', 'netns', far.path);
  for (const [i, host] of [near, far].entries()) {
    for (const family of [4, 6] as const) {
      const length = family === 4 ? 24 : 64;
      const nodad = family === 6 ? ['nodad'] : [];
      host.run('ip', 'address', 'add', `${ends[family][i]}/${length}`, 'dev', 'up0', ...nodad);
    }
    for (const dev of ['lo', 'up0']) host.run('ip', 'link', 'set', dev, 'up');
  }
  return { near, far };
}

function pings(from: FreshNamespace, ip: string): boolean {
  try {
    return from.run('ping', '-c', '1', '-W', '0.2', ip) !== '';
  } catch {
    return false;
  }
}

/** The probe runs where its process runs. */
function probe(host: FreshNamespace, ip: string): unknown {
  const script = `
    import { openProbe } from './linux/probe.ts';
    import { systemClock } from './agent/clock.ts';
    const keep = setTimeout(() => undefined, 20_000);
    const signs = openProbe(systemClock)('${ip}', 4789);
    const told = await signs.catch((error) => \`\${error.code} \${error.message}\`);
    console.log(JSON.stringify(told));
    clearTimeout(keep);`;
  const argv = [`--net=${host.path}`, process.execPath, '--input-type=module-typescript', '--eval', script];
  return JSON.parse(execFileSync('nsenter', argv, { cwd: root, encoding: 'utf8' }));
}

test.each([4, 6] as const)(
  'over IPv%s a host shows whether it lives and whether a tunnel ends there',
  async (family) => {
    using disposer = new DisposableStack();
    const { near, far } = hosts(disposer);
    const [, there] = ends[family];
    await until('the wire to carry', () => pings(near, there));
    expect(probe(near, there)).toEqual({ echo: true, refused: true });

    const tunnel = ['vx0', 'type', 'vxlan', 'id', '7', 'dstport', '4789', 'local', there];
    far.run('ip', 'link', 'add', ...tunnel, ...(family === 6 ? ['udp6zerocsumrx'] : []));
    far.run('ip', 'link', 'set', 'vx0', 'up');
    expect(probe(near, there)).toEqual({ echo: true, refused: false });

    far.run('ip', 'link', 'set', 'up0', 'down');
    expect(probe(near, there)).toEqual({ echo: false, refused: false });
  },
);

test.each([
  ['192.0.2.9', 'ENETUNREACH'],
  ['2001:db8::9', 'EADDRNOTAVAIL'],
])('without a route, or an address of the family, nobody can tell: %s', (ip, errno) => {
  using alone = freshNamespace();
  const refusal = `KERNEL_REFUSED cannot probe ${ip}: connect answered ${errno}`;
  expect(probe(alone, ip)).toBe(refusal);
});
