/** The body of `POST /replays` in both its forms, and who may ask for what. */
import type { NewReplay, ReplayOptions, ReplaySource } from '../../control-plane/replays/replays.ts'
import { ClarionError } from '../../model/codes.ts'
import type { Owner } from '../../model/environments.ts'
import { type Replay, type ReplayTargetName, targetsOf } from '../../model/replays.ts'
import type { Scope } from '../../model/scopes.ts'
import { NOT_A_TIME, parseTime } from '../../model/time.ts'
import { keyOf } from '../http/caller.ts'
import type { Call } from '../http/route.ts'

/** Resolves a cursor of the log. `isClamped`: the log begins later. Throws `invalid_cursor`, `cursor_expired`. */
export type PlaceOf = (owner: Owner, cursor: string, path: string) => Promise<{ offsets: number[]; isClamped: boolean }>

interface Range {
  from: string
  to?: string
  selectors?: string[]
}

export interface RequestedReplay extends Partial<Range> {
  name?: string | null
  /** The older form: one webhook, and the range beside it. */
  webhookId?: string
  ratePerSecond?: number
  onlyFailed?: boolean
  source?: Omit<ReplaySource, 'cursor'>
  target?: { kind: ReplayTargetName; ids?: string[] }
  options?: ReplayOptions
}

type Read = Omit<NewReplay, 'source'> & { source: Omit<ReplaySource, 'cursor'> }

/** Throws `validation_failed` where parts are missing, contradict each other, or belong to the other form. */
export function readRequested(body: RequestedReplay): Read {
  return body.webhookId === undefined ? ofTargets(body) : ofWebhook(body, body.webhookId)
}

function ofWebhook(body: RequestedReplay, webhookId: string): Read {
  for (const field of ['source', 'target', 'options'] as const)
    if (body[field] !== undefined)
      throw wrong(`/${field}`, 'one_choice', 'stands for webhookId and its range: give either')
  const { name = null, from, to, selectors, ratePerSecond, onlyFailed } = body
  if (from === undefined) throw wrong('/from', 'required', 'is missing')
  return {
    ...{ name, source: { from, to, selectors }, target: { kind: 'webhook', ids: [webhookId] } },
    ...{ options: { ratePerSecond, onlyFailed }, sourcePath: '', fromPath: '/from' },
  }
}

function ofTargets(body: RequestedReplay): Read {
  const { name = null, source, target, options = {} } = body
  for (const field of ['from', 'to', 'selectors', 'ratePerSecond', 'onlyFailed'] as const)
    if (body[field] !== undefined)
      throw wrong(`/${field}`, 'unknown_field', `belongs to ${PLACES[field]}, or beside webhookId`)
  if (source === undefined) throw wrong('/source', 'required', 'is missing')
  if (target === undefined) throw wrong('/target', 'required', 'is missing')
  checkSource(source)
  checkTarget(target, options)
  return { name, source, target, options }
}

const PLACES = {
  from: 'source',
  to: 'source',
  selectors: 'source',
  ratePerSecond: 'options',
  onlyFailed: 'options',
} as const

function checkSource({ from, to, eventIds }: ReplaySource): void {
  if (eventIds === undefined) {
    if (from === undefined) throw wrong('/source', 'required', 'needs from, a time or a cursor, or eventIds')
    return
  }
  const path = from !== undefined ? '/source/from' : to !== undefined ? '/source/to' : undefined
  if (path) throw wrong(path, 'one_choice', 'stands for eventIds: a replay takes a range or named events')
}

function checkTarget({ kind, ids }: { kind: ReplayTargetName; ids?: string[] }, options: ReplayOptions): void {
  if (kind === 'original') {
    if (ids !== undefined) throw wrong('/target/ids', 'unknown_field', 'is not for original: it means every subscriber')
    return
  }
  if (ids === undefined) throw wrong('/target/ids', 'required', 'is missing')
  if (options.onlyFailed && (kind === 'queue' || kind === 'federation_member' || kind === 'workflow'))
    throw wrong('/options/onlyFailed', 'target', `is not for a ${kind}: only webhooks and sinks have deliveries`)
}

/** `from` may be a cursor of the log. */
export async function resolveStart(
  owner: Owner,
  source: Omit<ReplaySource, 'cursor'>,
  path: string,
  placeOf: PlaceOf,
): Promise<ReplaySource> {
  const { from } = source
  if (from === undefined) return source
  const timeMs = parseTime(from)
  if (timeMs !== undefined) return { ...source, from: new Date(timeMs).toISOString() }
  if (!CURSOR.test(from))
    throw wrong(path, 'format', `${NOT_A_TIME}, such as 2026-07-25T17:20:00Z, or a cursor of the log`)
  return { ...source, from: undefined, cursor: { text: from, ...(await placeOf(owner, from, path)) } }
}

/** Base64url; times have colons. */
const CURSOR = /^[A-Za-z0-9_-]{16,500}$/

const SCOPES: Readonly<Record<ReplayTargetName, Scope>> = {
  webhook: 'webhooks:manage',
  subscription: 'webhooks:manage',
  sink: 'webhooks:manage',
  original: 'webhooks:manage',
  federation_member: 'federation:manage',
  queue: 'queues:manage',
  workflow: 'workflows:run',
}

/** Throws `insufficient_scope`. */
export function requireTargetScopes(call: Call, kinds: Iterable<ReplayTargetName>): void {
  const held = keyOf(call).scopes
  for (const kind of kinds) {
    const scope = SCOPES[kind]
    if (!held.includes(scope))
      throw new ClarionError('insufficient_scope', `A replay to a ${kind} needs the scope ${scope}.`)
  }
}

export const kindsOf = (replay: Replay): ReadonlySet<ReplayTargetName> =>
  new Set(targetsOf(replay).map(({ kind }) => kind))

/** The kinds for whose targets a new replay asks. `hasQueues`: of the environment, which `original` means too. */
export function requestedKinds(
  { kind }: { kind: ReplayTargetName },
  options: ReplayOptions,
  hasQueues: boolean,
): ReplayTargetName[] {
  if (kind !== 'original') return [kind]
  return [
    kind,
    ...(hasQueues ? ['queue' as const] : []),
    ...(options.includeFederation ? ['federation_member' as const] : []),
  ]
}

const wrong = (path: string, rule: string, message: string) =>
  new ClarionError('validation_failed', `The request is wrong at '${path}': ${message}.`, {
    details: [{ path, rule, message }],
  })
