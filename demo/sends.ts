/**
 * The emits of the demo and the expected verdict of each, worked out here from the documented rules, without asking the platform or its code.
 *
 *     the corpus      every payload, registered where a schema was made by hand, else generic
 *     wrong on purpose    a known number for each way to be wrong
 *     repeated        some of the corpus again, with the same idempotency key
 */
import type { CorpusPayload, Json } from './corpus.ts'
import { DRAFT, SCHEMAS } from './schemas.ts'

export const NAMESPACE = 'github'
export const GENERIC = 'platformxe.generic'

/** The expected verdict of an emit: `accepted`, `duplicate`, or the code of its rejection. */
export type Verdict = string

export interface Send {
  name: string
  version?: string
  /** The payload's JSON, sent byte for byte. */
  payload: string
  /** Of a generic event. */
  kind?: string
  idempotencyKey?: string
  expected: Verdict
}

const PAYLOAD_BYTES_MAX = 262_144
const NESTING_MAX = 32
const KIND_CHARACTERS_MAX = 120
const TOO_LARGE_BYTES = 270_000
const TOO_DEEP_LEVELS = 40
/** Every so many payloads of the corpus one is emitted once more. */
const REPEAT_EVERY = 16
/** Emits with another payload under an idempotency key that is taken. */
const CONFLICTS = 4

export function corpusSends(corpus: readonly CorpusPayload[]): Send[] {
  return corpus.map(({ event, action, payload }, index) => {
    const kind = [NAMESPACE, event, action].filter(Boolean).join('.').slice(0, KIND_CHARACTERS_MAX)
    const send = Object.hasOwn(SCHEMAS, event) ? registered(event, payload) : generic(kind, payload)
    return { ...send, idempotencyKey: `corpus-${index}` }
  })
}

/** Emits that repeat one of `sends`, which must have been judged before. */
export function repeatedSends(sends: readonly Send[]): Send[] {
  const accepted = sends.filter((send, index) => send.expected === 'accepted' && index % REPEAT_EVERY === 0)
  return accepted.map(send => ({ ...send, expected: 'duplicate' }))
}

/** Emits that are wrong on purpose. Those that use a taken idempotency key need `sends` to have been judged before. */
export function wrongSends(corpus: readonly CorpusPayload[], sends: readonly Send[]): Send[] {
  const payloads = (event: string) => corpus.filter(each => each.event === event).map(each => each.payload)
  const wrong = (expected: Verdict, made: readonly Send[]) => made.map(send => ({ ...send, expected }))
  const taken = sends.filter(send => send.expected === 'accepted' && send.name === GENERIC).slice(0, CONFLICTS)
  const [tooDeep, tooLarge] = [{ nested: nestedJson(TOO_DEEP_LEVELS) }, { filler: 'x'.repeat(TOO_LARGE_BYTES) }]
  const withoutRef = payloads('push').map(({ ref: _missing, ...payload }) => registered('push', payload))
  const wrongType = payloads('issues').map(payload =>
    registered('issues', { ...payload, issue: 'a text, not an object' }),
  )
  const unknownField = payloads('star').map(payload =>
    registered('star', { ...payload, unknown: 'the schema is closed' }),
  )
  const withoutKind = payloads('gollum').map(data => ({ ...generic('', data), payload: JSON.stringify({ data }) }))
  const unknownEvent = payloads('label').map(payload => registered('label', payload))
  const unknownVersion = payloads('watch').map(payload => ({ ...registered('watch', payload), version: '9.0.0' }))
  const draft = payloads(DRAFT.name).map(payload => registered(DRAFT.name, payload))
  const sameKey = taken.map(send => ({
    ...send,
    payload: JSON.stringify({ kind: send.kind, summary: 'another payload' }),
  }))
  return [
    ...wrong('payload_invalid', [
      ...withoutRef,
      ...wrongType,
      ...unknownField,
      ...withoutKind,
      generic('github.too_deep', tooDeep),
    ]),
    ...wrong('payload_too_large', [
      generic('github.too_large', tooLarge),
      registered('push', { ...payloads('push')[0], ...tooLarge }),
    ]),
    ...wrong('event_not_registered', [...unknownEvent, ...unknownVersion]),
    ...wrong('event_not_published', draft),
    ...wrong('idempotency_key_conflict', sameKey),
  ]
}

function registered(event: string, payload: Json): Send {
  const text = JSON.stringify(payload)
  return { name: `${NAMESPACE}.${event}`, payload: text, expected: verdictOn(payload, text) }
}

function generic(kind: string, data: Json): Send {
  const payload = { kind, data }
  const text = JSON.stringify(payload)
  return { name: GENERIC, kind, payload: text, expected: verdictOn(payload, text) }
}

/** Rejections by size and nesting alone; the corpus is real and so must satisfy the schemas made for it. */
function verdictOn(payload: Json, text: string): Verdict {
  if (Buffer.byteLength(text) > PAYLOAD_BYTES_MAX) return 'payload_too_large'
  return nesting(payload) > NESTING_MAX ? 'payload_invalid' : 'accepted'
}

function nesting(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(nesting))
}

const nestedJson = (levels: number): unknown => (levels === 0 ? 'the end' : [nestedJson(levels - 1)])
