import { closeSync } from 'node:fs';
import { RawNetlinkSocket } from 'netlink/dist/raw.js';
import { must } from '../libc.ts';
import { descriptorOf, socketsOfProcess } from './descriptor.ts';

// epoll(7), netlink(7)
const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;
const NETLINK_ROUTE = 0;

/**
 * Calls back in Node's event loop as long as there is something to be read from the descriptor, and costs nothing while there is
 * not. Whoever is called reads until nothing is left. The caller closes the descriptor, after the bell.
 *
 * Node has no way to wait for a descriptor of any kind. The npm package `netlink` waits for a socket of its own; here an epoll(7)
 * takes the place of that socket before the event loop has seen it. What the package then tries to read is no socket
 * (ENOTSOCK), which it reports as an error: that is the bell. It cannot take anything away, since it never reads.
 */
export function bellOf(fd: number, onReadable: () => void): Disposable {
  const epoll = must('wait for a netlink socket', 'epoll_create1', EPOLL_CLOEXEC);
  try {
    const event = Buffer.alloc(12);
    event.writeUInt32LE(EPOLLIN);
    must('wait for a netlink socket', 'epoll_ctl', epoll, EPOLL_CTL_ADD, fd, event);
    const before = socketsOfProcess();
    const socket = new RawNetlinkSocket(NETLINK_ROUTE);
    try {
      // In the same turn: what the event loop finds under the number is the epoll, and never was the socket.
      must('wait for a netlink socket', 'dup3', epoll, descriptorOf(socket, before), EPOLL_CLOEXEC);
    } catch (error) {
      socket.close();
      throw error;
    }
    socket.on('error', onReadable);
    return {
      [Symbol.dispose]: () => {
        socket.close();
      },
    };
  } finally {
    closeSync(epoll);
  }
}
