/** Emits over HTTP, a few at a time, and keeps each verdict with its times. */
import type { Clock } from '../src/clock.ts'
import { type Answer, type Client, DemoError, until } from './client.ts'
import type { Send, Verdict } from './sends.ts'

export interface Judged {
  send: Send
  emitId: string | undefined
  /** Of an accepted emit; a duplicate's is its original's. */
  eventId: string | undefined
  verdict: Verdict
  /** On the monotonic clock, milliseconds. */
  sentAtMs: number
  judgedAtMs: number
}

interface EmitResult {
  emitId: string
  eventId?: string
  deduplicated?: boolean
  verdict?: 'pending'
}

interface EmitState {
  status: 'REQUESTED' | 'RELAYED' | 'DELIVERED' | 'FAILED' | 'REJECTED' | 'DEDUPLICATED'
  eventId: string | null
  code: string | null
}

const EMITS = '/api/v1/events/custom'
/** Requests at a time: enough to keep the platform busy, few enough to measure it and not the queue before it. */
const IN_FLIGHT = 8
const PENDING_MS = 30_000
const PENDING_POLL_MS = 100

/** Adds to `judged` as verdicts come. Resolves when every send has its verdict. */
export async function emitAll(
  deps: { client: Client; clock: Clock },
  sends: readonly Send[],
  judged: Judged[],
): Promise<void> {
  const waiting = sends.values()
  const work = async () => {
    for (const send of waiting) judged.push(await emitOne(deps, send))
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, work))
}

async function emitOne({ client, clock }: { client: Client; clock: Clock }, send: Send): Promise<Judged> {
  const sentAtMs = clock.monotonicMs()
  const answer = await client.call<EmitResult>('POST', `${EMITS}/emit`, bodyOf(send))
  const known =
    answer.data?.verdict === 'pending' ? await laterVerdict(client, clock, answer.data.emitId) : verdictOf(answer)
  return { send, sentAtMs, judgedAtMs: clock.monotonicMs(), emitId: answer.emitId, ...known }
}

/** Written by hand, so that the payload goes out as the very bytes that the receiver must get. */
function bodyOf({ name, version, idempotencyKey, payload }: Send): string {
  const fields = JSON.stringify({ name, version, idempotencyKey })
  return `${fields.slice(0, -1)},"payload":${payload}}`
}

function verdictOf({ status, data, code }: Answer<EmitResult>): Pick<Judged, 'verdict' | 'eventId'> {
  if (status !== 202) return { verdict: code ?? `status ${status}`, eventId: undefined }
  return { verdict: data.deduplicated ? 'duplicate' : 'accepted', eventId: data.eventId }
}

/** The platform answers after two seconds even without a verdict (202, `verdict: "pending"`); then the demo polls for it. */
async function laterVerdict(
  client: Client,
  clock: Clock,
  emitId: string,
): Promise<Pick<Judged, 'verdict' | 'eventId'>> {
  const state = await until(clock, PENDING_MS, PENDING_POLL_MS, async () => {
    const found = await client.ask<EmitState>('GET', `${EMITS}/emits/${emitId}`)
    return found.status === 'REQUESTED' ? undefined : found
  })
  if (!state) throw new DemoError(`the emit ${emitId} has no verdict after ${PENDING_MS / 1000} s`)
  const eventId = state.eventId ?? undefined
  if (state.status === 'DEDUPLICATED') return { verdict: 'duplicate', eventId }
  return { verdict: state.code ?? 'accepted', eventId }
}
