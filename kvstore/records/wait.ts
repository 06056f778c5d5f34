import { endpointIdPattern, type EndpointId } from '../../model/endpoint.ts';
import { networkIdPattern, type NetworkId } from '../../model/network.ts';
import { nodeIdPattern, type NodeId } from '../../model/node.ts';
import {
  mostAsked,
  questionIdPattern,
  refusalLength,
  type Answer,
  type Matter,
  type Question,
} from '../../model/question.ts';
import { keys } from '../keys.ts';
import { weft } from './generated/weft.js';
import * as record from './record.ts';

/** What is found under `waits/`. */
export type Wait =
  | { readonly kind: 'question'; readonly question: Question }
  | { readonly kind: 'answer'; readonly answer: Answer };

const toWire = {
  endpoint: weft.v1.MatterKind.MATTER_KIND_ENDPOINT,
  'no endpoint': weft.v1.MatterKind.MATTER_KIND_NO_ENDPOINT,
  network: weft.v1.MatterKind.MATTER_KIND_NETWORK,
  'no network': weft.v1.MatterKind.MATTER_KIND_NO_NETWORK,
} as const satisfies Record<Matter['kind'], number>;
const fromWire = new Map(
  Object.entries(toWire).map(([kind, wire]) => [wire as number, kind as Matter['kind']]),
);

/** @throws INPUT_INVALID when so many are asked that nobody could read it. */
export function encodeQuestion({ id, network, asker, asked, matter }: Question): Uint8Array {
  const bytes = weft.v1.Question.encode({
    id,
    network,
    asker,
    asked: [...asked],
    matter: toWire[matter.kind],
    ...('endpoint' in matter ? { endpoint: matter.endpoint } : {}),
    ...('revision' in matter ? { revision: matter.revision } : {}),
    ...('state' in matter ? { stateRevision: matter.state } : {}),
  }).finish();
  return record.encodeRecord(keys.wait(network, id), bytes, decodeWait);
}

/** A refusal is cut to what a record takes. */
export function encodeAnswer({ refusal = '', ...answer }: Answer): Uint8Array {
  const text = refusal.replace(/[\x00-\x1f\x7f]/g, ' ').slice(0, refusalLength);
  return weft.v1.Answer.encode({ ...answer, refusal: text }).finish();
}

/** A question or an answer, as the key says. @throws RECORD_INVALID naming the key. */
export function decodeWait(key: string, value: Uint8Array): Wait {
  return record.decodeRecord(key, value, (bytes) =>
    key.split('/').length > 3
      ? { kind: 'answer', answer: answerIn(key, bytes) }
      : { kind: 'question', question: questionIn(key, bytes) },
  );
}

function questionIn(key: string, bytes: Uint8Array): Question {
  const raw = weft.v1.Question.decode(bytes);
  const { id, network } = placeOf(raw);
  record.requireKey(key, keys.wait(network, id));
  const asker = nodeIn(raw.asker);
  const asked = record.several('nodes asked', raw.asked, mostAsked, nodeIn);
  return { id, network, asker, asked, matter: matterIn(raw) };
}

function matterIn(raw: weft.v1.Question): Matter {
  const kind = fromWire.get(raw.matter) ?? record.wrong(`its matter is ${raw.matter}, which nobody knows`);
  const revision = revisionIn('revision', raw.revision);
  switch (kind) {
    case 'endpoint':
    case 'no endpoint':
      return {
        kind,
        endpoint: record.matching('endpoint id', raw.endpoint, endpointIdPattern) as EndpointId,
        revision,
      };
    case 'network':
      return { kind, revision, state: revisionIn('revision of the state', raw.stateRevision) };
    case 'no network':
      return { kind };
  }
}

function answerIn(key: string, bytes: Uint8Array): Answer {
  const raw = weft.v1.Answer.decode(bytes);
  const { id, network } = placeOf(raw);
  const node = nodeIn(raw.node);
  record.requireKey(key, keys.waitAnswer(network, id, node));
  const refusal = record.plain('refusal', raw.refusal, refusalLength);
  return {
    id,
    network,
    node,
    revision: revisionIn('revision', raw.revision),
    ...(refusal === '' ? {} : { refusal }),
  };
}

const nodeIn = (text: string): NodeId => record.matching('node id', text, nodeIdPattern) as NodeId;

const placeOf = (raw: Pick<weft.v1.Question, 'id' | 'network'>): Pick<Question, 'id' | 'network'> => ({
  id: record.matching('question id', raw.id, questionIdPattern),
  network: record.matching('network id', raw.network, networkIdPattern) as NetworkId,
});

const revisionIn = (what: string, value: number): number =>
  record.whole(what, value, 0, Number.MAX_SAFE_INTEGER);
