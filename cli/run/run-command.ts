import { randomUUID } from 'node:crypto';
import type { Client } from '../../api/client.ts';
import { attachBodyOf, type EndpointFlags } from '../attach-body.ts';
import type { Cli, Common } from '../ports.ts';
import { runInside, signalCode, SignalWatch } from './child.ts';
import { ownFailure } from './own-failure.ts';
import { openSandbox } from './sandbox.ts';

/**
 * Makes a sandbox, attaches it, runs the command in it, detaches it and removes it, whatever happens in between. Returns
 * the exit code of the command.
 *
 * @throws what kept the command from being run.
 */
export async function runCommand(
  cli: Cli,
  command: readonly string[],
  options: Common & EndpointFlags,
): Promise<number> {
  const key = options.key ?? `run:${randomUUID()}`;
  const client = await cli.client(options);
  using signals = new SignalWatch();
  await using sandbox = await openSandbox();
  const attached = client.attach(attachBodyOf(String(sandbox.pid), { ...options, key }));
  let code: number;
  try {
    const early = await Promise.race([attached.then(() => undefined), signals.interrupted]);
    if (early === undefined) code = await runInside(sandbox.pid, command, signals);
    else {
      cli.err(`weft: ${early}: detaching as soon as the agent has answered`);
      await attached.catch(() => undefined);
      code = signalCode(early);
    }
  } catch (error) {
    // It may have been attached all the same. What went wrong first is what counts.
    await detach(client, key, options).catch(() => undefined);
    throw error;
  }
  try {
    await detach(client, key, options);
    return code;
  } catch (error) {
    cli.fail(options, error);
    return code === 0 ? ownFailure : code;
  }
}

async function detach(client: Client, key: string, { network, timeout }: EndpointFlags): Promise<void> {
  await client.detach({ network, key, ...(timeout === undefined ? {} : { timeout }) });
}
