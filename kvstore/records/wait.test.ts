import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { NodeId } from '../../model/node.ts';
import type { Answer, Matter, Question } from '../../model/question.ts';
import { keys } from '../keys.ts';
import { weft } from './generated/weft.js';
import { endpointId, networkId, nodeId } from './testing/values.ts';
import { decodeWait, encodeAnswer, encodeQuestion } from './wait.ts';

const id = '00112233aabbccdd';
const other = 'a'.repeat(16) as NodeId;
const endpoint: Matter = { kind: 'endpoint', endpoint: endpointId, revision: Number.MAX_SAFE_INTEGER };
const question: Question = { id, network: networkId, asker: nodeId, asked: [other], matter: endpoint };
const answer: Answer = { id, network: networkId, node: nodeId, revision: 4711 };
const questionKey = keys.wait(networkId, id);
const answerKey = keys.waitAnswer(networkId, id, nodeId);

const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'RECORD_INVALID', message: expect.stringMatching(message) });

test.each<Matter>([
  endpoint,
  { kind: 'no endpoint', endpoint: endpointId, revision: 0 },
  { kind: 'network', revision: 12, state: 13 },
  { kind: 'no network' },
])('a question reads back: $kind', (matter) => {
  const asked = [other, nodeId];
  const whole = { ...question, matter, asked };
  expect(decodeWait(questionKey, encodeQuestion(whole))).toEqual({ kind: 'question', question: whole });
});

test('an answer reads back; a refusal is cut to what a record takes, without what would move a cursor', () => {
  expect(decodeWait(answerKey, encodeAnswer(answer))).toEqual({ kind: 'answer', answer });
  const long = { ...answer, refusal: `ENOBUFS:\n\x1b[2J${'x'.repeat(1000)}` };
  expect(decodeWait(answerKey, encodeAnswer(long))).toEqual({
    kind: 'answer',
    answer: { ...answer, refusal: `ENOBUFS:  [2J${'x'.repeat(487)}` },
  });
});

test('more nodes than a record can name are refused before anything is written', () => {
  const asked = Array.from({ length: 3001 }, () => other);
  expect(() => encodeQuestion({ ...question, asked })).toThrow(
    expect.objectContaining({ code: 'INPUT_INVALID', message: expect.stringContaining('3001 nodes asked') }),
  );
  expect(encodeQuestion({ ...question, asked: asked.slice(1) }).length).toBeLessThan(65_536);
});

test.each<[string, weft.v1.Question.$Properties, RegExp]>([
  ['of another network', { network: 'b'.repeat(16) }, /belongs to the key waits\/b/],
  ['of another id', { id: 'b'.repeat(16) }, /belongs to the key/],
  ['without an id', { id: '' }, /question id/],
  ['of nobody', { asker: '' }, /node id/],
  ['to nobody we know', { asked: ['h2'] }, /node id is "h2"/],
  ['about no endpoint at all', { endpoint: '' }, /endpoint id/],
  ['of a broken revision', { revision: 1.5 }, /revision is 1.5/],
  ['of a revision before all', { revision: -1 }, /revision is -1/],
])('a question %s is refused with its key', (_, part, why) => {
  const raw = Object.assign(weft.v1.Question.decode(encodeQuestion(question)), part);
  const bytes = weft.v1.Question.encode(raw).finish();
  expect(() => decodeWait(questionKey, bytes)).toThrow(invalid(why));
});

test.each(['2009', '2000'])('a question about a matter that nobody knows is refused: %s', (matter) => {
  const hex = Buffer.from(encodeQuestion(question)).toString('hex');
  // Field 4 lies between the asker's last digit and field 5.
  const broken = hex.replace('20012a20', `${matter}2a20`);
  expect(broken).not.toBe(hex);
  const bytes = Buffer.from(broken, 'hex');
  expect(() => decodeWait(questionKey, bytes)).toThrow(invalid(/its matter is \d/));
});

test.each<[string, weft.v1.Answer.$Properties, RegExp]>([
  ['of another node', { node: other }, /belongs to the key/],
  ['that draws', { refusal: '\x1b[2J' }, /control character/],
  ['that talks', { refusal: 'x'.repeat(501) }, /501 characters/],
  ['of no revision', { revision: Number.NaN }, /revision is NaN/],
])('an answer %s is refused with its key', (_, part, why) => {
  const raw = Object.assign(weft.v1.Answer.decode(encodeAnswer(answer)), part);
  expect(() => decodeWait(answerKey, weft.v1.Answer.encode(raw).finish())).toThrow(invalid(why));
});

test.each([questionKey, answerKey, 'waits/', 'waits/a/b/c/d/e'])(
  'any bytes are a value or RECORD_INVALID: %s',
  (key) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeWait(key, bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: 'RECORD_INVALID' });
        }
      }),
    );
  },
);
