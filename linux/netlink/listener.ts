import { RawNetlinkSocket } from 'netlink/dist/raw.js';
import { attempt, must } from '../libc.ts';
import { descriptorOf, socketsOfProcess } from './descriptor.ts';
import type { NetlinkMessage } from './message.ts';
import { messagesIn } from './wire.ts';

const NETLINK_ROUTE = 0;
const SOL_SOCKET = 1;
const SO_MEMINFO = 55;
/** Place of SK_MEMINFO_DROPS among the nine numbers of SO_MEMINFO. */
const drops = 8;
const SOL_NETLINK = 270;
const NETLINK_NO_ENOBUFS = 5;
const SO_RCVBUFFORCE = 33;

/** RTNLGRP_* of linux/rtnetlink.h */
export const groups = {
  link: 1,
  neighbour: 3,
  address4: 5,
  route4: 7,
  address6: 9,
  route6: 11,
  settings4: 24,
  settings6: 25,
  namespaceIds: 28,
} as const;

export interface Listening {
  readonly groups: readonly (keyof typeof groups)[];
  /** Bytes of the queue of notices; default 1 MiB. */
  readonly queueBytes?: number;
  /** A notice, as the kernel sent it. */
  onNotice(notice: NetlinkMessage): void;
  /** Notices were lost: what was known by listening must be read again. */
  onOverrun(): void;
}

export interface Listener {
  close(): void;
}

/**
 * Hears what changes in the network namespace in which the calling thread stands, until it is closed. (`ip monitor`)
 *
 * The socket is that of the npm package `netlink`, which alone can wait in Node's event loop. An overrun would kill the process
 * (the package throws in C++): so the kernel is told not to report it before the first group is joined, and the count of lost
 * notices is read instead. When a notice is lost the queue is full, hence there are notices after whose reading the count shows.
 */
export function listenHere(listening: Listening): Listener {
  const before = socketsOfProcess();
  const socket = new RawNetlinkSocket(NETLINK_ROUTE);
  try {
    const fd = descriptorOf(socket, before);
    must('keep overruns from a netlink socket', 'setsockopt', fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, one, 4);
    const queue = Int32Array.of(listening.queueBytes ?? 1 << 20);
    attempt('setsockopt', fd, SOL_SOCKET, SO_RCVBUFFORCE, queue, 4);
    attach(socket, fd, listening);
    for (const group of listening.groups) socket.addMembership(groups[group]);
  } catch (error) {
    socket.close();
    throw error;
  }
  let open = true;
  return {
    close: () => {
      if (open) socket.close();
      open = false;
    },
  };
}

const one = Int32Array.of(1);

function attach(socket: RawNetlinkSocket, fd: number, listening: Listening): void {
  let known = 0;
  const look = (): void => {
    const lost = lostNotices(fd);
    if (lost === known) return;
    known = lost;
    listening.onOverrun();
  };
  socket.on('message', (datagram, { port }) => {
    look();
    // Only the kernel has port 0.
    if (port === 0) for (const { type, body } of messagesIn(datagram)) listening.onNotice({ type, body });
  });
  socket.on('truncatedMessage', () => listening.onOverrun());
  socket.on('error', () => listening.onOverrun());
}

function lostNotices(fd: number): number {
  const figures = new Uint32Array(drops + 1);
  const answer = attempt(
    'getsockopt',
    fd,
    SOL_SOCKET,
    SO_MEMINFO,
    figures,
    Uint32Array.of(figures.byteLength),
  );
  return answer.ok ? (figures[drops] ?? 0) : 0;
}
