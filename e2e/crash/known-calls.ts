import type { ServerKind } from '../lab/store-server.ts';
import type { OperationName } from './operations.ts';

/** System calls that do the same, and what they do it for. */
export interface CallClass {
  readonly name: string;
  readonly meaning: string;
  /** The call by its `subject`. */
  readonly is: RegExp;
  /** Does anything of it outlast the process? Only then is there something that a crash could leave half done. */
  readonly lasts: boolean;
  /** The operations in which it is made each time. */
  readonly in: readonly OperationName[];
  /** Those in which it is made now and then, as time goes by. */
  readonly maybeIn?: readonly OperationName[];
  /** Absent: whatever the store is. */
  readonly store?: 'file' | ServerKind;
}

const all = ['attach', 'detach', 'resync', 'stop', 'start', 'rebuild'] as const;
const programs = ['attach', 'resync', 'rebuild'] as const;
const starts = ['start', 'rebuild'] as const;

/** The system calls that are written down: those by which a process can change anything outside of itself. */
export const sideEffects = [
  'sendto,sendmsg,sendmmsg,write,writev,pwrite64,pwritev,pwritev2,sendfile,splice,copy_file_range,ioctl',
  'mount,umount2,unshare,setns,setxattr,fsetxattr,chmod,fchmod,fchmodat,chown,fchown,fchownat,lchown',
  'openat,open,creat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir',
  'mknod,mknodat,fsync,fdatasync,sync_file_range,ftruncate,truncate,fallocate,utimensat,utimes,futimesat',
  'bind,listen,kill,tgkill,execve,io_uring_setup,io_uring_enter',
].join(',');

/** What weftd does, as the first line that fits says; a call that fits none is one that nobody has thought about. */
export const callClasses: readonly CallClass[] = [
  // What is ours in the kernel.
  {
    name: 'namespace made',
    meaning: 'a network namespace of ours comes into being, or the hidden one in which notices are heard',
    is: /^unshare CLONE_NEWNET/,
    lasts: true,
    in: ['attach', 'start', 'rebuild'],
  },
  {
    name: 'namespace entered or left',
    meaning: 'the thread goes where it opens a socket or reads and writes settings, and comes back',
    is: /^setns /,
    lasts: true,
    in: [...programs, 'start'],
    maybeIn: ['detach', 'stop'],
  },
  {
    name: 'mark',
    meaning: 'the alias of lo says whose namespace it is, before it is pinned',
    is: /^netlink RTM_SETLINK/,
    lasts: true,
    in: ['attach', 'rebuild'],
  },
  {
    name: 'pin file',
    meaning: 'the file on which a namespace is pinned',
    is: /^make \S*\/netns\/weft-/,
    lasts: true,
    in: ['attach', 'rebuild'],
  },
  {
    name: 'pin',
    meaning: 'the bind mount that keeps a namespace',
    is: /^mount \S*ns\/net \S*\/netns\/weft-/,
    lasts: true,
    in: ['attach', 'rebuild'],
  },
  {
    name: 'unpin',
    meaning: 'the bind mount goes, and with it the namespace',
    is: /^umount2 \S*\/netns\/weft-/,
    lasts: true,
    in: ['detach'],
  },
  {
    name: 'pin file removed',
    meaning: 'the file on which a namespace was pinned',
    is: /^unlink(at)? \S*\/netns\/weft-/,
    lasts: true,
    in: ['detach'],
  },
  {
    name: 'setting',
    meaning: 'a write below /proc/sys, in a namespace of ours',
    is: /^write \/proc\/sys\/net\//,
    lasts: true,
    in: programs,
  },
  {
    name: 'link',
    meaning: 'a bridge, tunnel device or port is made or changed, or the interface of a sandbox',
    is: /^netlink RTM_NEWLINK/,
    lasts: true,
    in: programs,
  },
  {
    name: 'links removed',
    meaning: 'all links of a namespace, before it is unpinned',
    is: /^netlink RTM_DELLINK/,
    lasts: true,
    in: ['detach'],
  },
  {
    name: 'addresses and routes',
    meaning: 'those of a sandbox, and of a bridge that is a gateway',
    is: /^netlink (RTM_NEWADDR|RTM_NEWROUTE)/,
    lasts: true,
    in: programs,
  },
  {
    name: 'entries',
    meaning: 'FDB and neighbour entries of the tunnel, and those of the ports',
    is: /^netlink RTM_NEWNEIGH/,
    lasts: true,
    in: programs,
  },
  {
    name: 'ear',
    meaning:
      'a namespace gets the id under which its notices are heard; it belongs to the hidden namespace and ends with the process',
    is: /^netlink RTM_NEWNSID/,
    lasts: false,
    in: ['attach', 'start', 'rebuild'],
    maybeIn: ['resync'],
  },
  {
    name: 'announcement',
    meaning: 'gratuitous ARP and neighbour advertisements on a bridge, for whoever still asks',
    is: /^sendto PACKET/,
    lasts: false,
    in: ['resync'],
    maybeIn: all,
  },
  // What is on disk.
  {
    name: 'intent',
    meaning: 'a line of the journal: what was begun, what has ended',
    is: /^write \S*\/state\/intents\.jsonl$/,
    lasts: true,
    in: ['attach', 'detach'],
  },
  {
    name: 'intent on disk',
    meaning: 'the beginning of an operation is on disk before its transaction',
    is: /^fdatasync \S*\/state\/intents\.jsonl$/,
    lasts: true,
    in: ['attach', 'detach'],
  },
  {
    name: 'journal of intents anew',
    meaning: 'with what still counts: aside, on disk, in place, opened',
    is: /^(make|write|fsync|rename) \S*\/state\/intents\.jsonl/,
    lasts: true,
    in: starts,
  },
  {
    name: 'identity',
    meaning: 'the generation of this life, and the serial of the node record before it is used',
    is: /^(make|write|fsync|rename) \S*\/state\/node\.json/,
    lasts: true,
    in: starts,
  },
  {
    name: 'event',
    meaning: 'a line of the journal behind `weft events`',
    is: /^write \S*\/state\/events\.jsonl$/,
    lasts: true,
    in: all,
  },
  {
    name: 'journal of events anew',
    meaning: 'with the last thousand: aside, on disk, in place, opened',
    is: /^(make|write|fsync|rename) \S*\/state\/events\.jsonl/,
    lasts: true,
    in: starts,
  },
  {
    name: 'last good view',
    meaning: 'aside, on disk, in place: at the end, and three seconds after a change',
    is: /^(make|write|fsync|rename) \S*\/state\/view\.jsonl/,
    lasts: true,
    in: ['stop'],
    maybeIn: all,
  },
  {
    name: 'state directory on disk',
    meaning: 'what was renamed stays renamed',
    is: /^fsync \S*\/state$/,
    lasts: true,
    in: ['stop', ...starts],
    maybeIn: all,
  },
  {
    name: 'lock taken',
    meaning: 'the state directory is ours: written aside, linked, the other name removed',
    is: /^(make|write|link|unlink) \S*\/state\/weftd\.lock\.\d+/,
    lasts: true,
    in: starts,
  },
  {
    name: 'lock removed',
    meaning: 'at the end; and one that a dead process has left',
    is: /^unlink \S*\/state\/weftd\.lock$/,
    lasts: true,
    in: ['stop'],
    maybeIn: starts,
  },
  {
    name: 'socket',
    meaning: 'the name of the local API: made, removed at the end, and one that a dead process has left',
    is: /^(bind|unlink) \S*\/run\/weftd\.sock/,
    lasts: true,
    in: ['stop', ...starts],
  },
  // The store.
  {
    name: 'transaction in the log',
    meaning: 'pages of a transaction, and its end, in the write-ahead log of the store',
    is: /^(pwrite64|fsync|fdatasync) \S*\/store\.db-wal$/,
    lasts: true,
    in: ['attach', 'detach', ...starts],
    maybeIn: all,
    store: 'file',
  },
  {
    name: 'transactions in the file',
    meaning: 'the write-ahead log has become long, or everybody has closed the store',
    is: /^(pwrite64|fsync|fdatasync|ftruncate|unlink) \S*\/store\.db(-wal|-shm)?$/,
    lasts: true,
    in: [],
    maybeIn: all,
    store: 'file',
  },
  {
    name: 'store opened',
    meaning: 'the files of SQLite and the bell',
    is: /^(make|fchown|fsync|ftruncate|fallocate) \S*\/store(\/store\.db\S*)?( |$)/,
    lasts: true,
    in: starts,
    maybeIn: all,
    store: 'file',
  },
  {
    name: 'bell',
    meaning: 'others hear that something was committed',
    is: /^utimensat \S*\/store\.db\.bell/,
    lasts: false,
    in: ['attach', 'detach', ...starts],
    maybeIn: all,
    store: 'file',
  },
  {
    name: 'transaction',
    meaning: 'a request to the store that names several keys',
    is: /^writev? TCP (weft.*){4}/,
    lasts: true,
    in: ['attach', 'detach', ...starts],
    maybeIn: all,
    store: 'etcd',
  },
  {
    name: 'request',
    meaning: 'any other to the store: reads, watches, the lease; and what HTTP/2 needs',
    is: /^writev? TCP/,
    lasts: true,
    in: ['attach', 'detach', 'stop', ...starts],
    maybeIn: all,
    store: 'etcd',
  },
  // What nobody can find half done.
  {
    name: 'answer',
    meaning: 'to a caller of the local API',
    is: /^writev? UNIX-STREAM/,
    lasts: true,
    in: ['attach', 'detach', ...starts],
    maybeIn: all,
  },
  {
    name: 'log',
    meaning: 'a line for people',
    is: /^(write|fsync) \S*\/log$/,
    lasts: false,
    in: all,
  },
  {
    name: 'wake-up',
    meaning: 'one thread of the process tells another',
    is: /^write (anon_inode:\[eventfd\]|pipe:)/,
    lasts: false,
    in: ['stop', ...starts],
    maybeIn: all,
  },
  {
    name: 'question',
    meaning: 'nothing is changed: a dump, an open file, an interface index',
    is: /^(netlink RTM_GET|look into |ioctl \S+ (NS_GET|SIOCGIF|TC|FIONBIO|FIOCLEX|FIONCLEX|TIOC))/,
    lasts: false,
    in: all,
  },
  {
    name: 'process',
    meaning:
      'what belongs to the process alone and ends with it: its program, rings, listening, names that go with it',
    is: /^(execve|io_uring_|listen |bind (NETLINK|UNIX\S* @weft-vtep))/,
    lasts: false,
    in: starts,
    maybeIn: all,
  },
  {
    name: 'compile cache',
    meaning: 'what Node keeps of the sources; its files are checked when they are read',
    is: /^\w+ \S*\/\.cache\/compile\//,
    lasts: false,
    in: [],
    maybeIn: all,
  },
];
