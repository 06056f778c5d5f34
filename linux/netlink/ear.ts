import { closeSync, readFileSync } from 'node:fs';
import { WeftError } from '../../model/errors.ts';
import { attempt, must } from '../libc.ts';
import { awayFromHome, netNamespaceType } from '../netns/netns.ts';
import { bellOf } from './bell.ts';
import { nsidIn, readNsid, getNsid, setNsid } from './codec/nsid.ts';
import { rtm } from './codec/constants.ts';
import { BodyWriter } from './codec/writer.ts';
import { groups } from './listener.ts';
import type { Rtnetlink } from './message.ts';
import { ManyMessages } from './receive-many.ts';
import { rtnetlinkHere } from './rtnetlink.ts';
import { headerBytes, padded } from './wire.ts';

// socket(7), netlink(7)
const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const NETLINK_ROUTE = 0;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
const NETLINK_LISTEN_ALL_NSID = 8;

/** Ten thousand changes of others that come faster than we read. Memory is taken only for what waits. */
const defaultQueueBytes = 16 << 20;
/** Messages read before others get their turn. */
const perTurn = 4096;

export interface EarListener {
  /** `id`: which namespace. The body of the message, good until the call returns, is that part of the bytes. */
  onMessage(id: number, type: number, bytes: Buffer, at: number, end: number): void;
  /** The namespace is gone, and its id free. */
  onEnd(id: number): void;
  onOverrun(): void;
  /** Everything that was said is told. */
  onSilence(): void;
}

/**
 * Hears what changes in many network namespaces by one socket, and holds none of them.
 *
 * The socket is in a namespace of its own, hidden and empty, and hears of every namespace that has an id there
 * (NETLINK_LISTEN_ALL_NSID); who gives the ids decides what is heard. An id ends with its namespace, and keeps nothing alive.
 * One socket for each namespace would cost more than their descriptors: the kernel offers every notice on the machine to every
 * socket that listens, wherever it is.
 */
export class Ear {
  readonly #listener: EarListener;
  readonly #fd: number;
  readonly #rtnetlink: Rtnetlink;
  readonly #bell: Disposable;
  readonly #messages = new ManyMessages();
  readonly #writer = new BodyWriter();
  #lastId = 0;
  #open = true;

  /** @throws PERMISSION_DENIED, KERNEL_REFUSED. Without CAP_NET_BROADCAST the kernel would say nothing, and no error either. */
  constructor(listener: EarListener, queueBytes = defaultQueueBytes) {
    this.#listener = listener;
    demandBroadcast();
    [this.#fd, this.#rtnetlink] = awayFromHome(
      () => must('make a network namespace to listen in', 'unshare', netNamespaceType),
      () => [listeningSocket(queueBytes), rtnetlinkHere()],
    );
    this.#bell = bellOf(this.#fd, () => {
      this.#read(perTurn);
    });
  }

  /** From now on hears of the namespace behind the descriptor, by the id that is returned; undefined: it has come to its end. */
  async hear(netns: number): Promise<number | undefined> {
    const id = (this.#lastId += 1);
    const [refusal] = await this.#rtnetlink.send([setNsid(this.#writer, netns, id)]);
    if (refusal === undefined) return id;
    return readNsid(await this.#rtnetlink.dump(getNsid(this.#writer, netns)));
  }

  /** Reads all that is waiting. */
  drain(): void {
    this.#read(Number.POSITIVE_INFINITY);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#bell[Symbol.dispose]();
    closeSync(this.#fd);
    this.#rtnetlink.close();
  }

  #read(most: number): void {
    for (let read = 0; read < most && this.#open;) {
      const received = this.#messages.receive(this.#fd);
      if (received.kind === 'nothing') {
        this.#listener.onSilence();
        return;
      }
      if (received.kind === 'overrun') this.#listener.onOverrun();
      else {
        read += received.count;
        for (let i = 0; i < received.count; i += 1) this.#tell(i);
      }
    }
  }

  #tell(i: number): void {
    const id = this.#messages.namespace(i);
    const { bytes } = this.#messages;
    const end = this.#messages.end(i);
    for (let at = this.#messages.start(i); at + headerBytes <= end;) {
      const next = at + bytes.readUInt32LE(at);
      if (next < at + headerBytes || next > end) return;
      const type = bytes.readUInt16LE(at + 4);
      if (id !== undefined) this.#listener.onMessage(id, type, bytes, at + headerBytes, next);
      // The ids themselves are news of the namespace that we stand in.
      else if (type === rtm.delNsid) this.#listener.onEnd(nsidIn(bytes.subarray(at + headerBytes, next)));
      at = padded(next);
    }
  }
}

function listeningSocket(queueBytes: number): number {
  const fd = must('open a netlink socket', 'socket', AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_ROUTE);
  try {
    attempt('setsockopt', fd, SOL_SOCKET, SO_RCVBUFFORCE, Int32Array.of(queueBytes), 4);
    const all = Int32Array.of(1);
    must('listen to other namespaces', 'setsockopt', fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, all, 4);
    // A socket without a port is told nothing.
    const address = Buffer.alloc(12);
    address.writeUInt16LE(AF_NETLINK);
    must('bind a netlink socket', 'bind', fd, address, address.length);
    for (const group of Object.values(groups)) {
      must('listen', 'setsockopt', fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, Int32Array.of(group), 4);
    }
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** CAP_NET_BROADCAST, its bit in the masks of /proc/PID/status (capabilities(7)). */
const broadcastBit = 11n;

function demandBroadcast(): void {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/thread-self/status', 'utf8'))?.[1];
  if (mask === undefined || ((BigInt(`0x${mask}`) >> broadcastBit) & 1n) === 1n) return;
  throw new WeftError(
    'PERMISSION_DENIED',
    'cannot hear of changes in other network namespaces: root, or CAP_NET_BROADCAST, is needed',
  );
}
