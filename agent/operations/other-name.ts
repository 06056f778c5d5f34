import type { SandboxIdentity } from '../../linux/kernel.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import { WeftError } from '../../model/errors.ts';
import type { Network } from '../../model/network.ts';
import type { OperationPorts } from './ports.ts';
import { readSandbox, type SandboxRef } from './sandbox-name.ts';

/**
 * A namespace has one endpoint in a network, by whatever name it is called: a name, a PID and a path only lead to it. More of them are
 * meant where somebody chose a key.
 *
 * @throws ENDPOINT_CONFLICT that names the endpoint it has by another name.
 */
export function demandOneName(
  { path, key }: SandboxRef,
  { bootId, cookie }: SandboxIdentity,
  network: Pick<Network, 'id' | 'name'>,
  ports: OperationPorts,
): void {
  const { returns, netnsDir, sandboxes, intents } = ports;
  const isChosen = (sandbox: SandboxRef): boolean => readSandbox(sandbox.path, netnsDir).key !== sandbox.key;
  if (isChosen({ path, key })) return;
  const isOther = ({ id, network: its, sandbox }: Endpoint): boolean =>
    its === network.id &&
    sandbox.cookie === cookie &&
    sandbox.bootId === bootId &&
    sandbox.key !== key &&
    !isChosen(sandbox) &&
    !intents.isGone(id) &&
    // A process that has ended leads nowhere.
    sandboxes.lives(sandbox);
  const other = returns.own().find(isOther);
  if (other === undefined) return;
  const { addresses, sandbox } = other;
  const text =
    `sandbox ${path} is attached to network ${network.name} already, as ${sandbox.path} (key ${sandbox.key}) with ` +
    `${addresses.join(', ')}: call it by that name, or give it another endpoint by a key of its own (--key)`;
  throw new WeftError('ENDPOINT_CONFLICT', text, { details: { endpoint: other.id, key: sandbox.key } });
}
