import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { EndpointJson } from '../api/schemas/endpoint.ts';
import type { AttachRequest } from '../api/service.ts';
import { web, type FakeService } from '../api/testing/fake-service.ts';
import { serveFake, type Served } from '../api/testing/serve-fake.ts';
import { WeftError } from '../model/errors.ts';

const launcher = join(import.meta.dirname, '..', 'bin', 'weft');
const directory = mkdtempSync(join(tmpdir(), 'weft-run-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const namespaceOf = (pid: string | number): string => readlinkSync(`/proc/${pid}/ns/net`);

/** An agent that keeps which namespace it was asked to attach, and does so when `work` is done. */
async function agent(
  work: (request: AttachRequest) => Promise<EndpointJson> = async () => web,
  answers: ConstructorParameters<typeof FakeService>[0] = {},
): Promise<Served & { readonly attached: { pid: string; namespace: string }[] }> {
  const attached: { pid: string; namespace: string }[] = [];
  const attach = (request: AttachRequest): Promise<EndpointJson> => {
    attached.push({ pid: request.sandbox, namespace: namespaceOf(request.sandbox) });
    return work(request);
  };
  return Object.assign(await serveFake({ attach, ...answers }), { attached });
}

function start(served: Served, ...args: readonly string[]): ChildProcess {
  const argv = ['run', '--network', 'blue', ...args];
  return spawn(launcher, argv, { env: { ...process.env, WEFT_SOCKET: served.socketPath } });
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function end(child: ChildProcess): Promise<Ended> {
  const said = { stdout: '', stderr: '' };
  child.stdout?.on('data', (text: Buffer) => (said.stdout += text.toString()));
  child.stderr?.on('data', (text: Buffer) => (said.stderr += text.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...said })));
}

/** Resolves when this was written. */
function says(stream: Readable | null, text: string): Promise<void> {
  let said = '';
  return new Promise((resolve, reject) => {
    stream?.on('data', (part: Buffer) => {
      said += part.toString();
      if (said.includes(text)) resolve();
    });
    stream?.once('close', () => reject(new Error(`ended before it said ${text}`)));
  });
}

const methodsOf = (served: Served): readonly string[] => served.service.calls.map(([method]) => method);

describe('weft run', () => {
  test('the command runs in the sandbox that was attached, with lo up and our input and output', async () => {
    await using served = await agent();
    const script =
      'readlink /proc/self/ns/net; cat /sys/class/net/lo/operstate; ls /proc/self/fd/3 2>&1; cat; echo e >&2';
    const child = start(
      served,
      '--ip',
      '10.7.0.9',
      '--name',
      'web',
      '--',
      'sh',
      '-c',
      'ip -o link; ' + script,
    );
    child.stdin?.end('typed in\n');
    const { code, stdout, stderr } = await end(child);
    expect([code, stderr]).toEqual([0, 'e\n']);
    const [sandbox] = served.attached;
    expect(sandbox?.namespace).not.toBe(namespaceOf('self'));
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^1: lo: <LOOPBACK,UP,LOWER_UP>/);
    expect(lines[1]).toBe(sandbox?.namespace);
    expect(lines.at(-1)).toBe('typed in');

    const [attach, detach] = served.service.calls;
    expect(attach?.[1]).toMatchObject({ network: 'blue', name: 'web', addresses: ['10.7.0.9'] });
    const { key } = attach?.[1] as AttachRequest;
    expect(key).toMatch(/^run:/);
    expect(detach).toEqual(['detach', { network: 'blue', key, timeout: 10_000 }]);
    expect(existsSync(`/proc/${sandbox?.pid}`)).toBe(false);
  }, 30_000);

  test.each([
    [['sh', '-c', 'exit 42'], 42],
    [['sh', '-c', 'kill -KILL $$'], 137],
    [['/etc/passwd'], 126],
    [['no-such-command'], 127],
  ])(
    '%j ends with %i, and is detached',
    async (command, wanted) => {
      await using served = await agent();
      const { code } = await end(start(served, '--', ...command));
      expect(code).toBe(wanted);
      expect(methodsOf(served)).toEqual(['attach', 'detach']);
    },
    30_000,
  );

  test('options after the command are the command’s', async () => {
    await using served = await agent();
    const { code, stdout } = await end(start(served, 'echo', '--network', 'x', '-o', 'json'));
    expect([code, stdout]).toEqual([0, '--network x -o json\n']);
  }, 30_000);

  test('a signal goes to the command, and its sandbox is cleared away', async () => {
    await using served = await agent();
    // A child that is no `sleep` yet may miss the signal, and would hold the pipe.
    const asleep = 'until grep -q sleep /proc/$!/comm; do :; done';
    const script = `trap 'kill $!; echo got it; exit 3' TERM; sleep 1000 & ${asleep}; echo started; wait`;
    const child = start(served, '--', 'sh', '-c', script);
    const ended = end(child);
    await says(child.stdout, 'started');
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 3, stdout: 'started\ngot it\n' });
    expect(methodsOf(served)).toEqual(['attach', 'detach']);
    expect(existsSync(`/proc/${served.attached[0]?.pid}`)).toBe(false);
  }, 30_000);

  test('a signal during attach: the command is not run, what was attached is detached', async () => {
    const asked = Promise.withResolvers<undefined>();
    const answer = Promise.withResolvers<EndpointJson>();
    await using served = await agent(() => {
      asked.resolve(undefined);
      return answer.promise;
    });
    const child = start(served, '--', 'echo', 'ran');
    const ended = end(child);
    await asked.promise;
    child.kill('SIGINT');
    await says(child.stderr, 'SIGINT');
    // Long enough for a whole other command: the detach waits for the answer, whichever takes longer.
    await end(spawn(launcher, ['node', 'ls', '--socket', served.socketPath]));
    expect(methodsOf(served)).toEqual(['attach', 'listNodes']);
    answer.resolve(web);
    const stderr = 'weft: SIGINT: detaching as soon as the agent has answered\n';
    expect(await ended).toEqual({ code: 130, stdout: '', stderr });
    expect(methodsOf(served)).toEqual(['attach', 'listNodes', 'detach']);
    expect(existsSync(`/proc/${served.attached[0]?.pid}`)).toBe(false);
  }, 30_000);

  test('failures of ours end with 125: the command does not run, nothing is left', async () => {
    await using served = await agent(async () => {
      throw new WeftError('ADDRESS_TAKEN', '10.7.0.9 is held by web');
    });
    const { code, stdout, stderr } = await end(start(served, '--', 'echo', 'ran'));
    expect([code, stdout, stderr]).toEqual([125, '', 'weft: 10.7.0.9 is held by web\n']);
    expect(methodsOf(served)).toEqual(['attach', 'detach']);
    expect(existsSync(`/proc/${served.attached[0]?.pid}`)).toBe(false);

    const nobody = { ...served, socketPath: join(directory, 'nobody') };
    expect(await end(start(nobody, 'true'))).toMatchObject({ code: 125 });
  }, 30_000);

  test('a detach that fails is told; the code of a command that failed itself stays', async () => {
    const detach = async (): Promise<never> => {
      throw new WeftError('STORE_UNAVAILABLE', 'the store is away');
    };
    await using served = await agent(undefined, { detach });
    const good = await end(start(served, 'true'));
    expect([good.code, good.stderr]).toEqual([125, 'weft: the store is away\n']);
    expect(await end(start(served, 'false'))).toMatchObject({ code: 1, stderr: 'weft: the store is away\n' });
  }, 30_000);

  test('killed with SIGKILL, no namespace is left behind', async () => {
    await using served = await agent();
    const child = start(served, '--', 'sh', '-c', 'echo started; read -r _');
    await says(child.stdout, 'started');
    const pid = served.attached[0]?.pid ?? '';
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toContain('ip link set lo up');
    const ended = end(child);
    child.kill('SIGKILL');
    child.stdin?.end();
    await ended;
    await expectGone(pid);
  }, 30_000);

  test('without root it says what is needed', async () => {
    await using served = await agent();
    // Somebody who is not root, yet may read the checkout wherever it lies.
    const reader = '--inh-caps=+dac_read_search --ambient-caps=+dac_read_search';
    const script = `exec setpriv --reuid=65534 --clear-groups ${reader} "$@"`;
    const argv = [
      '-c',
      script,
      'sh',
      process.execPath,
      join(import.meta.dirname, 'main.ts'),
      'run',
      '--network',
    ];
    const child = spawn('sh', [...argv, 'blue', 'true'], {
      env: { ...process.env, WEFT_SOCKET: served.socketPath },
    });
    const { code, stderr } = await end(child);
    expect(code).toBe(125);
    expect(stderr).toMatch(/weft: weft run makes a network namespace, which only root may do/);
    expect(served.attached).toEqual([]);
  }, 30_000);
});

/** The holder ends by itself once its input is closed. (A zombie that nobody has reaped yet holds no namespace.) */
async function expectGone(pid: string): Promise<void> {
  const holds = (): boolean => {
    try {
      return namespaceOf(pid) !== '';
    } catch {
      return false;
    }
  };
  const deadline = performance.now() + 5000;
  while (holds() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(holds()).toBe(false);
}
