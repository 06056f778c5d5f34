import { callClasses, type CallClass } from './known-calls.ts';
import type { TracedCall } from './trace.ts';

/** The first class of the list that the call belongs to. */
export function classOf(call: TracedCall): CallClass | undefined {
  const text = subject(call);
  return callClasses.find(({ is }) => is.test(text));
}

/**
 * A call in few words, as the list knows it: `write /run/.../intents.jsonl`, `rename OLD NEW`, `make PATH` and `look into PATH`
 * (openat with and without O_CREAT or O_TRUNC), `netlink RTM_NEWADDR RTM_NEWROUTE`, `writev TCP` and the keys of the store that are
 * in it.
 */
export function subject({ name, args }: TracedCall): string {
  const [, object = '', rest = ''] = /^\d+<((?:[^<>]|->)*)>(?:, )?(.*)$/s.exec(args) ?? [];
  if (object.startsWith('NETLINK:') && /^(send|write)/.test(name)) return `netlink ${messageTypes(rest)}`;
  if (object.startsWith('TCP')) return `${name} TCP ${[...rest.matchAll(/weft\/v1\/[\w/-]*/g)].join(' ')}`;
  if (object.startsWith('UNIX')) {
    const [kind = ''] = object.split(':');
    const path = /sun_path=(@?)"([^"]*)"/.exec(rest);
    return `${name} ${path === null || path[1] === '@' ? `${kind} ` : ''}${path?.slice(1).join('') ?? rest}`;
  }
  if (rest.includes('{sa_family=AF_PACKET')) return `${name} PACKET`;
  const paths = [...args.matchAll(/"([^"]*)"/g)].map(([, path = '']) => path);
  switch (name) {
    case 'openat':
      return `${/O_CREAT|O_TRUNC/.test(args) ? 'make' : 'look into'} ${paths[0] ?? ''}`;
    case 'write':
    case 'writev':
    case 'pwrite64':
    case 'fsync':
    case 'fdatasync':
    case 'ftruncate':
    case 'fchown':
    case 'utimensat':
      return `${name} ${object}`;
    case 'unshare':
    case 'setns':
      return `${name} ${args.replace(/^\d+<[^>]*>, /, '')}`;
    default:
      return `${name} ${object === '' ? paths.slice(0, 2).join(' ') : `${object.split(':')[0] ?? ''} ${rest}`}`;
  }
}

/** Rtnetlink's numbers, which strace does not translate for a socket of another namespace than its own. */
const numbers: Readonly<Record<string, string>> = {
  '0x10': 'RTM_NEWLINK',
  '0x11': 'RTM_DELLINK',
  '0x12': 'RTM_GETLINK',
  '0x13': 'RTM_SETLINK',
  '0x14': 'RTM_NEWADDR',
  '0x15': 'RTM_DELADDR',
  '0x16': 'RTM_GETADDR',
  '0x18': 'RTM_NEWROUTE',
  '0x19': 'RTM_DELROUTE',
  '0x1a': 'RTM_GETROUTE',
  '0x1c': 'RTM_NEWNEIGH',
  '0x1d': 'RTM_DELNEIGH',
  '0x1e': 'RTM_GETNEIGH',
  '0x58': 'RTM_NEWNSID',
  '0x59': 'RTM_DELNSID',
  '0x5a': 'RTM_GETNSID',
};

/** Of all messages in one send, each once. */
function messageTypes(text: string): string {
  const found = [...text.matchAll(/nlmsg_type=([^,]+?)(?: \/\* [^*]* \*\/)?, nlmsg_flags/g)];
  return [...new Set(found.map(([, type = '']) => numbers[type] ?? type))].join(' ');
}
