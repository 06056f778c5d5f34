import { beforeEach, expect, test } from '@jest/globals';
import { WeftError } from '../../model/errors.ts';
import { FakeClock } from '../../model/testing/fake-clock.ts';
import { notingLogger } from '../testing/noting-logger.ts';
import type { CallOptions } from '../store.ts';
import { Contact } from './contact.ts';

const away = new WeftError('STORE_UNAVAILABLE', 'no answer');

let clock: FakeClock;
let lines: string[];
let closing: AbortController;
let asked: number;
/** Is it another store than before? */
let answer: (signal?: AbortSignal) => Promise<boolean>;
let contact: Contact;
let reviewed: number;
let awaited: boolean;
let leader: string;
let told: (Error | undefined)[];
const listener = (): void => void told.push(contact.away);

beforeEach(() => {
  clock = new FakeClock();
  lines = [];
  closing = new AbortController();
  asked = 0;
  reviewed = 0;
  awaited = false;
  answer = async () => false;
  told = [];
  leader = 'a';
  const life = {
    look: async (options?: CallOptions): Promise<boolean> => {
      asked += 1;
      return answer(options?.signal);
    },
  };
  const { signal } = closing;
  const logger = notingLogger(lines, { debug: true });
  const permits = {
    review: async (): Promise<void> => void (reviewed += 1),
    get isAwaited(): boolean {
      return awaited;
    },
  };
  const ports = { clock, logger, fraction: () => 0.5, life, permits, leader: async () => leader };
  contact = new Contact({ ...ports, closing: signal, description: 'Consul' });
});

test('asks every ten seconds while somebody listens, and only then', async () => {
  await clock.advance(60_000);
  expect(asked).toBe(0);
  contact.listen(listener);
  await clock.advance(60_000);
  expect(asked).toBe(6);
  contact.forget(listener);
  await clock.advance(60_000);
  expect([asked, clock.pending, told, lines]).toEqual([6, 0, [], []]);
});

test('an outage is told and logged once when it begins and once when it ends, with few questions between', async () => {
  contact.listen(listener);
  answer = () => Promise.reject(away);
  await clock.advance(10_000);
  expect(told).toEqual([away]);
  const before = asked;
  await clock.advance(60_000);
  expect(asked - before).toBeGreaterThan(20);
  expect(asked - before).toBeLessThan(60);
  answer = async () => false;
  await clock.advance(2000);
  expect([contact.away, told]).toEqual([undefined, [away, undefined]]);
  expect(lines).toEqual(['debug the store does not answer', 'debug the store is back']);
});

test('many who ask at once are answered by one question', async () => {
  contact.listen(listener);
  await Promise.all(Array.from({ length: 20 }, () => contact.check()));
  expect(asked).toBe(1);
});

test('whoever got no answer has it asked at once, and not again while it is away', async () => {
  contact.doubt();
  expect(asked).toBe(0);
  contact.listen(listener);
  answer = () => Promise.reject(away);
  contact.doubt();
  await clock.advance(0);
  expect([asked, contact.away]).toEqual([1, away]);
  contact.doubt();
  await clock.advance(0);
  expect(asked).toBe(1);
});

test('a store that does not answer for three seconds is away', async () => {
  contact.listen(listener);
  answer = (signal) =>
    new Promise((_, reject) => {
      signal?.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
    });
  await clock.advance(9000);
  expect([asked, contact.away]).toEqual([1, undefined]);
  await clock.advance(2999);
  expect(contact.away).toBeUndefined();
  await clock.advance(1);
  expect(contact.away).toMatchObject({ code: 'STORE_UNAVAILABLE' });
});

test('another store is told', async () => {
  contact.listen(listener);
  await clock.advance(20_000);
  answer = async () => true;
  await clock.advance(10_000);
  expect([told, lines]).toStrictEqual([[undefined], []]);
});

test('another leader is told once: whoever waits by way of the one before must ask anew', async () => {
  contact.listen(listener);
  await clock.advance(20_000);
  expect(told).toEqual([]);
  leader = 'b';
  await clock.advance(30_000);
  expect([told, lines]).toStrictEqual([[undefined], []]);
});

test('a client that is closed asks no more', async () => {
  contact.listen(listener);
  answer = () => Promise.reject(away);
  await clock.advance(10_000);
  const before = asked;
  closing.abort();
  await clock.advance(60_000);
  expect([asked - before, clock.pending]).toEqual([1, 0]);
});

test('permissions are reviewed with each question; while one is awaited, questions are asked more often', async () => {
  contact.listen(listener);
  await clock.advance(60_000);
  expect([asked, reviewed]).toEqual([6, 6]);
  awaited = true;
  await clock.advance(70_000);
  expect(asked).toBe(reviewed);
  expect(asked - 6).toBeGreaterThan(30);
  expect(asked - 6).toBeLessThan(45);
  expect(told).toEqual([]);
});
