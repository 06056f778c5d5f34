import { closeSync } from 'node:fs';
import { sleep, type Clock } from '../model/clock.ts';
import { familyOf, writeIp, type Family, type Ip } from '../model/ip.ts';
import type { Probe, Signs } from './kernel.ts';
import { attempt, must } from './libc.ts';
import { errnoName } from './netlink/errno.ts';

// socket(7), ip(7), icmp(7)
const domains = { 4: 2, 6: 10 } as const satisfies Record<Family, number>;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const icmp = {
  4: { protocol: 1, request: 8, reply: 0 },
  6: { protocol: 58, request: 128, reply: 129 },
} as const satisfies Record<Family, { protocol: number; request: number; reply: number }>;

/** A lost request, or a lost answer, must not look like a dead host. */
const requests = 4;
/** Milliseconds between two requests. */
const interval = 250;
const poll = 10;

/** Probes from the network namespace in which this process runs. */
export function openProbe(clock: Clock): Probe {
  return async (ip, port) => {
    using echo = new EchoAsker(ip);
    using datagram = new PortAsker(ip, port);
    let signs: Signs = { echo: false, refused: false };
    for (let request = 0; request < requests; request += 1) {
      echo.ask(request);
      datagram.ask();
      const end = clock.monotonic() + interval;
      while (clock.monotonic() < end && !(signs.echo && signs.refused)) {
        await sleep(clock, poll);
        signs = { echo: signs.echo || echo.isAnswered(), refused: signs.refused || datagram.isRefused() };
      }
    }
    return signs;
  };
}

/** A socket that sends to one address and hears only what comes from there. */
class Connected implements Disposable {
  readonly fd: number;

  constructor(ip: Ip, type: number, protocol: number, port: number) {
    const family = familyOf(ip);
    this.fd = must(`open a socket to probe ${ip}`, 'socket', domains[family], type | SOCK_CLOEXEC, protocol);
    const address = new Uint8Array(family === 4 ? 16 : 28);
    const view = new DataView(address.buffer);
    view.setUint16(0, domains[family], true);
    view.setUint16(2, port);
    writeIp(ip, address, family === 4 ? 4 : 8);
    try {
      must(`probe ${ip}`, 'connect', this.fd, address, address.length);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
  }
}

/** Asks by ICMP echo (RFC 792, RFC 4443). */
class EchoAsker extends Connected {
  readonly #family: Family;
  readonly #received = new Uint8Array(256);

  constructor(ip: Ip) {
    super(ip, SOCK_RAW, icmp[familyOf(ip)].protocol, 0);
    this.#family = familyOf(ip);
  }

  ask(sequence: number): void {
    const request = new Uint8Array(16);
    const view = new DataView(request.buffer);
    view.setUint8(0, icmp[this.#family].request);
    view.setUint16(4, process.pid & 0xffff);
    view.setUint16(6, sequence);
    // For IPv6 the kernel sums up itself, since the addresses count (RFC 3542 section 3.1).
    if (this.#family === 4) view.setUint16(2, checksum(view));
    attempt('send', this.fd, request, request.length, MSG_DONTWAIT);
  }

  /** Has a reply come? Whoever it was meant for: the host lives. */
  isAnswered(): boolean {
    for (;;) {
      const answer = attempt('recv', this.fd, this.#received, this.#received.length, MSG_DONTWAIT);
      if (!answer.ok) return false;
      // A raw IPv4 socket hands the IP header over as well.
      const at = this.#family === 4 ? ((this.#received[0] ?? 0) & 15) * 4 : 0;
      if (answer.value > at && this.#received[at] === icmp[this.#family].reply) return true;
    }
  }
}

/** Asks by a datagram that is too short to be a VXLAN packet: the kernel drops it where a tunnel ends. */
class PortAsker extends Connected {
  constructor(ip: Ip, port: number) {
    super(ip, SOCK_DGRAM, 0, port);
  }

  /** A refusal that comes up here instead of at the next look counts just the same. */
  ask(): void {
    this.#refused ||= isRefusal(attempt('send', this.fd, Uint8Array.of(0), 1, MSG_DONTWAIT));
  }

  isRefused(): boolean {
    this.#refused ||= isRefusal(attempt('recv', this.fd, new Uint8Array(1), 1, MSG_DONTWAIT));
    return this.#refused;
  }

  #refused = false;
}

const isRefusal = (answer: ReturnType<typeof attempt>): boolean =>
  !answer.ok && errnoName(answer.errno) === 'ECONNREFUSED';

/** RFC 1071. */
function checksum(view: DataView): number {
  let sum = 0;
  for (let at = 0; at < view.byteLength; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
