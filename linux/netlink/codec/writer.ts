import type { Ip } from '../../../model/ip.ts';
import { writeIp } from '../../../model/ip.ts';
import { writeMac, type Mac } from '../../../model/mac.ts';

/** No body of ours is longer. */
const longest = 1024;
const firstChunk = 4 * longest;
const laterChunks = 64 * longest;

const encoder = new TextEncoder();

/**
 * Writes the bodies of netlink requests one behind the other into shared memory, since an allocation for each would cost more
 * than the entry itself. What was finished is never written again, so bodies may wait for their sending. Netlink speaks the
 * byte order of the machine: little-endian on x86-64 and arm64, the two that Weft runs on.
 *
 * Between `begin` and `finish` come the fixed part and then attributes, each aligned to four bytes.
 */
export class BodyWriter {
  #bytes = new Uint8Array(firstChunk);
  #view = new DataView(this.#bytes.buffer);
  #start = 0;
  #at = 0;

  begin(): this {
    if (this.#bytes.length - this.#at < longest) {
      this.#bytes = new Uint8Array(laterChunks);
      this.#view = new DataView(this.#bytes.buffer);
      this.#at = 0;
    }
    this.#start = this.#at;
    return this;
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#at);
  }

  u8(value: number): this {
    this.#bytes[this.#at] = value;
    this.#at += 1;
    return this;
  }

  u16(value: number): this {
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
    return this;
  }

  u32(value: number): this {
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
    return this;
  }

  attribute8(type: number, value: number): this {
    return this.#head(type, 1).u8(value).#align();
  }

  attribute16(type: number, value: number): this {
    return this.#head(type, 2).u16(value).#align();
  }

  attribute32(type: number, value: number): this {
    return this.#head(type, 4).u32(value);
  }

  /** A 16-bit number in network order, as ports are. */
  attributePort(type: number, port: number): this {
    this.#head(type, 2);
    this.#view.setUint16(this.#at, port);
    this.#at += 2;
    return this.#align();
  }

  /** Text with its closing zero byte. */
  attributeText(type: number, text: string): this {
    const bytes = encoder.encode(text);
    this.#head(type, bytes.length + 1);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
    return this.u8(0).#align();
  }

  attributeMac(type: number, mac: Mac): this {
    this.#head(type, 6);
    writeMac(mac, this.#bytes, this.#at);
    this.#at += 6;
    return this.#align();
  }

  attributeIp(type: number, ip: Ip): this {
    const head = this.#at;
    this.#at += 4;
    const length = writeIp(ip, this.#bytes, this.#at);
    this.#at += length;
    this.#view.setUint16(head, 4 + length, true);
    this.#view.setUint16(head + 2, type, true);
    return this;
  }

  /** An attribute that holds whatever `fill` writes. */
  nest(type: number, fill: (inner: this) => void): this {
    const head = this.#at;
    this.#head(type, 0);
    fill(this);
    this.#view.setUint16(head, this.#at - head, true);
    return this;
  }

  #head(type: number, length: number): this {
    return this.u16(4 + length).u16(type);
  }

  #align(): this {
    while ((this.#at & 3) !== 0) this.u8(0);
    return this;
  }
}
