import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { createLab } from './lab.ts';
import { removeLab } from './remove.ts';

// A store outside the lab, played by a server that answers with what it was sent.
test('the hosts of a lab reach a store outside by its relay, and nothing else', async () => {
  const name = `relay${process.pid}`;
  const server = createServer((socket) => socket.pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  try {
    const wish = { name, hosts: 2, store: `etcd://127.0.0.1:${port}/some/prefix`, underlay: 4 } as const;
    const lab = await createLab({ ...wish, agents: 'leave' });
    expect(lab.store.url).toBe('etcd://192.0.2.250:2379/some/prefix');
    const echo = (to: string): readonly [string, ...string[]] => [
      'bash',
      '-c',
      `exec 3<>/dev/tcp/${to} && echo hello >&3 && read -t 5 line <&3 && echo "$line"`,
    ];
    expect(await lab.host('h2').run(echo('192.0.2.250/2379'))).toMatchObject({ code: 0, stdout: 'hello\n' });
    expect((await lab.host('h2').run(echo(`127.0.0.1/${port}`))).code).not.toBe(0);

    // It is part of what is mended: without it the hosts are cut off from the store.
    await lab.store.stop();
    expect(lab.store.running).toBe(false);
    expect((await lab.host('h1').run(echo('192.0.2.250/2379'))).code).not.toBe(0);
    await createLab({ ...wish, agents: 'leave' });
    expect(await lab.host('h1').run(echo('192.0.2.250/2379'))).toMatchObject({ code: 0, stdout: 'hello\n' });
  } finally {
    await removeLab(name);
    server.close();
  }
});
