import { describe, expect, test } from '@jest/globals';
import { ScriptedSocket, type ScriptedMessage } from '../testing/scripted-socket.ts';
import { batchesOf, batchesOfSeries, batchRequests, exchange } from './batch.ts';
import type { NetlinkRefusal, NetlinkRequest } from './message.ts';
import { NLM_F_ACK, NLM_F_REQUEST, NLMSG_ERROR, type Room } from './wire.ts';

const request = (type: number, bytes = 4, flags = 0): NetlinkRequest => ({
  type,
  flags,
  body: new Uint8Array(bytes).fill(type),
});

/** NLMSG_ERROR with the header of the request, capped, and the kernel's text when there is one. */
function answer(sequence: number, errno = 0, text = ''): ScriptedMessage {
  const words = Buffer.from(`${text}\0`);
  const body = Buffer.alloc(20 + (text === '' ? 0 : 4 + words.length));
  body.writeInt32LE(-errno, 0);
  if (text !== '') {
    body.writeUInt16LE(4 + words.length, 20);
    body.writeUInt16LE(1, 22);
    words.copy(body, 24);
  }
  return { type: NLMSG_ERROR, flags: text === '' ? 0x100 : 0x300, sequence, body };
}

function talk(socket: ScriptedSocket, requests: readonly NetlinkRequest[]): (NetlinkRefusal | undefined)[] {
  const outcomes = new Array<NetlinkRefusal | undefined>(requests.length).fill(undefined);
  const whole = { sequence: 100, from: 0, end: requests.length };
  exchange(socket, batchesOf(requests), whole, (i, refusal) => {
    outcomes[i] = refusal;
  });
  return outcomes;
}

describe('a batch', () => {
  test('asks for one answer, at its end, whatever the flags of its requests say', () => {
    const socket = new ScriptedSocket((all) => [[answer(all.at(-1)!.sequence)]]);
    talk(socket, [request(16, 5, NLM_F_ACK | 0x600), request(20, 8, 0x400), request(28, 0)]);
    const [sent] = socket.sent;
    expect(sent!.map(({ type, flags, sequence }) => [type, flags, sequence])).toEqual([
      [16, NLM_F_REQUEST | 0x600, 100],
      [20, NLM_F_REQUEST | 0x400, 101],
      [28, NLM_F_REQUEST | NLM_F_ACK, 102],
    ]);
    expect(sent!.map(({ body }) => body.length)).toEqual([5, 8, 0]);
    expect([...sent![0]!.body]).toEqual([16, 16, 16, 16, 16]);
  });

  test('gives each refused request its own errno and the kernel’s text', () => {
    const socket = new ScriptedSocket(() => [
      [answer(100, 17)],
      [answer(102, 22, 'Unknown device type')],
      [answer(103)],
    ]);
    expect(talk(socket, [request(1), request(2), request(3), request(4)])).toEqual([
      { errno: 'EEXIST', text: '' },
      undefined,
      { errno: 'EINVAL', text: 'Unknown device type' },
      undefined,
    ]);
  });

  test('reads the text behind a request that the kernel echoes whole', () => {
    const capped = answer(100, 22, 'no').body!;
    const body = Buffer.concat([capped.subarray(0, 20), Buffer.from('abcd5678'), capped.subarray(20)]);
    body.writeUInt32LE(16 + 8, 4);
    const socket = new ScriptedSocket(() => [[{ type: NLMSG_ERROR, flags: 0x200, sequence: 100, body }]]);
    expect(talk(socket, [request(1, 8)])).toEqual([{ errno: 'EINVAL', text: 'no' }]);
  });

  test('passes over late answers to others and over echoes', () => {
    const socket = new ScriptedSocket(() => [
      [answer(99, 17), answer(7, 1)],
      [{ type: 16, sequence: 100, body: new Uint8Array(16) }],
      [answer(100)],
    ]);
    expect(talk(socket, [request(16)])).toEqual([undefined]);
  });

  test('that is not confirmed is a failure of the socket', () => {
    const silent = new ScriptedSocket(() => [[answer(100, 17)]]);
    expect(() => talk(silent, [request(1), request(2)])).toThrow(
      expect.objectContaining({ code: 'KERNEL_REFUSED' }),
    );
  });

  test('ends at the limit of requests, or of bytes, and holds one at least', () => {
    const many = Array.from({ length: 150 }, () => request(28, 32));
    expect([0, 64, 128].map(batchesOf(many).end)).toEqual([batchRequests, 128, 150]);
    const large = Array.from({ length: 4 }, () => request(28, 30_000));
    expect([0, 2].map(batchesOf(large).end)).toEqual([2, 4]);
    expect(batchesOf([request(1, 200_000)]).end(0)).toBe(1);
  });

  test('larger than any before is sent whole', () => {
    const socket = new ScriptedSocket((all) => [[answer(all.at(-1)!.sequence)]]);
    talk(socket, [request(3), request(7, 65_000), request(5)]);
    expect(socket.sent[0]!.map(({ type, body }) => [type, body.length])).toEqual([
      [3, 4],
      [7, 65_000],
      [5, 4],
    ]);
    expect(socket.sent[0]![0]!.body[0]).toBe(3);
  });

  test('of a series is written when it is sent, and counts on from where it begins', () => {
    const written: number[] = [];
    const series = {
      count: 100,
      write(i: number, { words }: Room, at: number): number {
        written.push(i);
        words[at] = 4 * (i === 64 ? 5 : 6);
        words[at + 1] = 28 | (NLM_F_REQUEST << 16);
        words.fill(i, at + 4, at + 6);
        return at + (i === 64 ? 5 : 6);
      },
    };
    const socket = new ScriptedSocket((all) => [
      [answer(all.at(-1)!.sequence - 1, 17), answer(all.at(-1)!.sequence)],
    ]);
    const batches = batchesOfSeries(series);
    expect([0, 64].map(batches.end)).toEqual([64, 100]);
    const refusals: number[] = [];
    exchange(socket, batches, { sequence: 500, from: 64, end: 100 }, (i) => refusals.push(i));
    expect(written).toEqual(Array.from({ length: 36 }, (_, i) => 64 + i));
    const sent = socket.sent[0]!;
    expect(sent.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 36 }, (_, i) => 500 + i));
    expect(sent.map(({ flags }) => flags)).toEqual([
      ...new Array(35).fill(NLM_F_REQUEST),
      NLM_F_REQUEST | NLM_F_ACK,
    ]);
    expect([sent[0]!.body.length, sent[1]!.body.readUInt32LE(4)]).toEqual([4, 65]);
    expect(refusals).toEqual([98]);
  });
});
