import { describe, expect, test } from '@jest/globals';
import { ScriptedSocket, type ScriptedMessage } from '../testing/scripted-socket.ts';
import { dumpRows, wholeMessage } from './dump.ts';
import type { NetlinkMessage, NetlinkRequest, RowReader } from './message.ts';
import { NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NLMSG_DONE, NLMSG_ERROR } from './wire.ts';

const wish: NetlinkRequest = { type: 18, flags: NLM_F_DUMP, body: new Uint8Array(16) };
const link = (sequence: number, name: string, flags = 2): ScriptedMessage => ({
  type: 16,
  flags,
  sequence,
  body: Buffer.from(name),
});
const done = (sequence: number, flags = 2): ScriptedMessage => ({
  type: NLMSG_DONE,
  flags,
  sequence,
  body: new Uint8Array(4),
});
const refusal = (sequence: number, errno: number): ScriptedMessage => {
  const body = Buffer.alloc(20);
  body.writeInt32LE(-errno);
  return { type: NLMSG_ERROR, flags: 0x100, sequence, body };
};

function dump(
  socket: ScriptedSocket,
  request = wish,
  turn = async () => undefined,
): Promise<readonly NetlinkMessage[]> {
  let sequence = 0;
  return dumpRows(request, wholeMessage, { socket, nextSequence: () => (sequence += 1), turn });
}
const names = (messages: readonly NetlinkMessage[]): string[] =>
  messages.map(({ body }) => Buffer.from(body).toString());

describe('a dump', () => {
  test('is all messages of all parts', async () => {
    const socket = new ScriptedSocket(() => [[link(1, 'lo'), link(1, 'eth0')], [link(1, 'br0')], [done(1)]]);
    expect(names(await dump(socket))).toEqual(['lo', 'eth0', 'br0']);
    expect(socket.sent[0]![0]).toMatchObject({ type: 18, flags: NLM_F_DUMP | NLM_F_REQUEST });
  });

  test.each([
    ['a message', () => [[link(1, 'old', 2 | NLM_F_DUMP_INTR)], [done(1)]]],
    ['its end', () => [[link(1, 'old')], [done(1, 2 | NLM_F_DUMP_INTR)]]],
  ])('that was interrupted, as %s says, is asked again', async (_where, interrupted) => {
    const socket = new ScriptedSocket((_all, send) =>
      send === 1 ? interrupted() : [[link(2, 'new'), done(2)]],
    );
    expect(names(await dump(socket))).toEqual(['new']);
    expect(socket.sent.length).toBe(2);
  });

  test('that is interrupted every time is given up', async () => {
    const socket = new ScriptedSocket(([request]) => [[done(request!.sequence, 2 | NLM_F_DUMP_INTR)]]);
    await expect(dump(socket)).rejects.toMatchObject({ code: 'KERNEL_REFUSED', details: { errno: 'EINTR' } });
    expect(socket.sent.length).toBe(50);
  });

  test('of which a part is cut off is none, also when the rest comes', async () => {
    const socket = new ScriptedSocket(() => [[link(1, 'lo'), link(1, 'eth0')], [done(1)]]);
    const whole = socket.receive.bind(socket);
    let parts = 0;
    socket.receive = () => ((parts += 1) === 1 ? whole()?.subarray(0, -4) : whole());
    await expect(dump(socket)).rejects.toMatchObject({
      code: 'KERNEL_REFUSED',
      message: expect.stringContaining('cut off'),
    });
  });

  test('leaves what belongs to an earlier request', async () => {
    const socket = new ScriptedSocket(() => [
      [link(99, 'late'), done(99)],
      [link(1, 'lo'), done(1)],
    ]);
    expect(names(await dump(socket))).toEqual(['lo']);
  });

  test('that is refused, at once or at its end, says how', async () => {
    const atOnce = new ScriptedSocket(() => [[refusal(1, 19)]]);
    await expect(dump(atOnce)).rejects.toMatchObject({
      code: 'KERNEL_REFUSED',
      details: { errno: 'ENODEV' },
    });
    const body = Buffer.alloc(4);
    body.writeInt32LE(-90);
    const atEnd = new ScriptedSocket(() => [[link(1, 'lo'), { ...done(1), body }]]);
    await expect(dump(atEnd)).rejects.toMatchObject({ details: { errno: 'EMSGSIZE' } });
  });

  test('without an end is a failure of the socket', async () => {
    await expect(dump(new ScriptedSocket(() => [[link(1, 'lo')]]))).rejects.toMatchObject({
      code: 'KERNEL_REFUSED',
    });
  });

  test('lets others have their turn when it is long, and its messages stay as they were', async () => {
    const parts = Array.from({ length: 40 }, (_, i) => [link(1, `v${i}`)]);
    let turns = 0;
    const found = await dump(new ScriptedSocket(() => [...parts, [done(1)]]), wish, async () => {
      turns += 1;
      return undefined;
    });
    expect(turns).toBe(2);
    expect(names(found)).toEqual(parts.map((_, i) => `v${i}`));
  });

  test('is read as it arrives: only what the reader makes of it, and where it lies', async () => {
    const socket = new ScriptedSocket(() => [
      [link(1, 'lo'), { ...link(1, 'gone'), type: 17 }],
      [link(1, 'br0'), done(1)],
    ]);
    const read: RowReader<string> = (bytes, from, end, type) =>
      type === 16 ? `${from}:${Buffer.from(bytes.subarray(from, end)).toString()}` : undefined;
    const ports = { socket, nextSequence: () => 1 };
    expect(await dumpRows(wish, read, ports)).toEqual(['16:lo', '16:br0']);
  });

  test('of one thing ends with the confirmation', async () => {
    const socket = new ScriptedSocket(() => [[link(1, 'eth0', 0)], [refusal(1, 0)]]);
    expect(names(await dump(socket, { ...wish, flags: 0 }))).toEqual(['eth0']);
    expect(socket.sent[0]![0]!.flags).toBe(NLM_F_REQUEST | NLM_F_ACK);
  });
});
