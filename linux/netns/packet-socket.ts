import { close } from 'node:fs';
import { attempt, must } from '../libc.ts';
import { interfaceIndex } from '../netlink/interface-index.ts';
import { inNamespace } from './netns.ts';

// packet(7)
const AF_PACKET = 17;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const MSG_DONTWAIT = 0x40;
const addressBytes = 20;

/** Sends whole Ethernet frames out of interfaces of one network namespace, and receives nothing. */
export class PacketSocket {
  readonly #fd: number;

  /** @throws SANDBOX_INVALID, PERMISSION_DENIED */
  constructor(path: string) {
    // Protocol 0: no frame is ever handed to it.
    this.#fd = inNamespace(path, () =>
      must('open a packet socket', 'socket', AF_PACKET, SOCK_RAW_CLOEXEC, 0),
    );
  }

  /** Returns how many of the frames the kernel took. An interface that is absent or down takes none. */
  send(interfaceName: string, frames: readonly Uint8Array[]): number {
    const index = interfaceIndex(this.#fd, interfaceName);
    if (index === undefined) return 0;
    const address = Buffer.alloc(addressBytes);
    address.writeUInt16LE(AF_PACKET, 0);
    address.writeInt32LE(index, 4);
    return frames.filter((frame) => {
      return attempt('sendto', this.#fd, frame, frame.length, MSG_DONTWAIT, address, addressBytes).ok;
    }).length;
  }

  /** In the background: the kernel waits for all its processors before it lets go of such a socket. */
  close(): void {
    close(this.#fd, () => undefined);
  }
}
