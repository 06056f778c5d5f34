import { isSandbox, namespaceName, type NetworkScope, type SandboxScope } from './scope.ts';

type Inside = NetworkScope | SandboxScope;

/** How the shell lines of a plan, run in the node's namespace, reach the network namespaces. */
export interface Shell {
  /** What `netns` takes in `ip link add`: a name of `ip netns`, or a path. */
  netns(scope: Inside): string;
  /** The start of a line of `ip` inside: `ip -n weft-<id>`, or `nsenter --net=PATH ip`. */
  ip(scope: Inside): string;
  /** The same of `bridge`. */
  bridge(scope: NetworkScope): string;
  /** The same of any other program. */
  inside(scope: NetworkScope): string;
  /** Lines that make and pin the namespace. */
  pin(scope: NetworkScope): readonly string[];
  /** Lines that end it. */
  unpin(scope: NetworkScope): readonly string[];
}

/** Where `ip netns` looks for names. */
const ipNetns = /^(\/var)?\/run\/netns\/*$/;

/** The shell of a node whose namespaces are pinned in `netnsDir`; elsewhere than in that of `ip netns` they are reached by path. */
export function shellFor(netnsDir = '/run/netns'): Shell {
  const isNamed = ipNetns.test(netnsDir);
  const netns = (scope: Inside): string => {
    if (isSandbox(scope)) return quoted(scope.slice('sandbox:'.length));
    return isNamed ? namespaceName(scope) : quoted(`${netnsDir.replace(/\/+$/, '')}/${namespaceName(scope)}`);
  };
  const run = (program: string) => (scope: Inside) =>
    isNamed && !isSandbox(scope)
      ? `${program} -n ${netns(scope)}`
      : `nsenter --net=${netns(scope)} ${program}`;
  return {
    netns,
    ip: run('ip'),
    bridge: run('bridge'),
    inside: (scope) => (isNamed ? `ip netns exec ${netns(scope)}` : `nsenter --net=${netns(scope)}`),
    pin: (scope) => {
      const path = netns(scope);
      if (isNamed) return [`ip netns add ${path}`];
      return [`mkdir -p ${quoted(netnsDir)}`, `touch ${path}`, `unshare --net=${path} true`];
    },
    unpin: (scope) => {
      const path = netns(scope);
      return isNamed ? [`ip netns del ${path}`] : [`umount ${path}`, `rm ${path}`];
    },
  };
}

/** One word for a shell: a name that somebody else gave must not become a command. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
