/**
 * The reference domain of a shard: calls of the api and steps of runs change records, and so does time. A change, the
 * events that announce it and its answer are in one transaction, so each transition announces itself exactly once.
 */
import { hash } from 'node:crypto'
import type { Change, Given, Situation, Timings } from '../../../src/domain/change.ts'
import { type CommandName, transitionOf } from '../../../src/domain/commands.ts'
import type { Cause, Entry } from '../../../src/domain/kinds.ts'
import { settle } from '../../../src/domain/settle.ts'
import { billMonth } from '../../../src/domain/usage-plans.ts'
import { builtInEmit } from '../../../src/ingress/built-in-emit.ts'
import { platformEmitAt } from '../../../src/ingress/platform-emit.ts'
import type { LogRecord, OutRecord, ShardHandle } from '../../../src/kafka/ports.ts'
import { ClarionError } from '../../../src/model/codes.ts'
import type { Owner } from '../../../src/model/environments.ts'
import { planOf } from '../../../src/model/plans.ts'
import { type DomainCommand, domainCommandCodec, domainCommands } from '../../../topics/domain-commands.ts'
import type { RunDependencies } from '../dependencies.ts'
import type { Positions } from '../positions.ts'
import type { GivenAnswer, Responses } from '../responses.ts'
import { createBooksOfShard, type Owned } from './books-of-shard.ts'
import { createDue } from './due.ts'
import { createUsageBilling } from './usage-billing.ts'

/** What a step of a run asks for. */
export interface StepChange {
  owner: Owner
  name: CommandName
  given: Given
  actorId: string
  /** Of the step and its attempt. */
  seed: string
  cause: Cause
}

export interface ShardDomain {
  restore(key: string, value: Buffer | null): void
  start(): void
  receive(records: LogRecord[], nextOffset: number, isolated: boolean): void
  /** The answer, in the transaction that is being filled. Throws `ClarionError`, and then nothing has changed. */
  changeBy(step: StepChange): unknown
  forget(organizationId: string): void
  seal(): OutRecord[]
  close(): void
}

/** Multiplied by `CLARION_TIME_SCALE`. */
const TIMINGS: Timings = { provisioningMs: 2_000, scalingMs: 2_000, certificateMs: 2_000 }
const SYSTEM = 'system'

export function createShardDomain(context: {
  handle: ShardHandle
  deps: Pick<RunDependencies, 'view' | 'clock' | 'logger' | 'timeScale' | 'usageOf' | 'observe'>
  positions: Positions
  responses: Pick<Responses, 'answer'>
}): ShardDomain {
  const { handle, positions, responses } = context
  const { view, clock, logger, timeScale, observe } = context.deps
  const books = createBooksOfShard(handle.shard)
  const due = createDue({ clock, fire })
  const billing = createUsageBilling({ deps: context.deps, bill })
  const timings = {
    provisioningMs: TIMINGS.provisioningMs * timeScale,
    scalingMs: TIMINGS.scalingMs * timeScale,
    certificateMs: TIMINGS.certificateMs * timeScale,
  }
  const nowMs = () => Math.round(clock.nowMs())

  function situationOf(
    { owner, books: own }: Owned,
    facts: Pick<Situation, 'actorId' | 'seed' | 'cause'>,
    recordsMax = planOf(view.organization(owner.organizationId)?.plan ?? 'FREE').domainRecords,
  ): Situation {
    return { books: own, environment: owner.environment, nowMs: nowMs(), timings, recordsMax, ...facts }
  }

  /** `controlOffset`: see the topic. */
  function apply(
    owned: Owned,
    change: Change,
    { seed, actorId, cause, nowMs: timeMs }: Situation,
    controlOffset = view.appliedOffset,
  ): void {
    for (const entry of books.apply(owned, change)) due.forget(entry)
    for (const entry of change.put) due.follow(owned, entry)
    const emits = change.events.map(({ type, data }, at) =>
      builtInEmit(type, data, { ...owned.owner, ...cause, id: `domain/${seed}/${at}`, actorId, timeMs }),
    )
    handle.write(emits.map(emit => platformEmitAt(emit, handle.shard, controlOffset)))
    for (const { type } of change.events) observe.domainEvent(type)
  }

  /** Throws what making the invoice throws, and then nothing has changed. */
  function bill(owned: Owned, plan: Entry<'usage_plan'>, meters: Record<string, number>): void {
    const seed = `${plan.id}/${plan.fields.next_month}`
    const situation = situationOf(owned, { actorId: SYSTEM, seed, cause: null })
    apply(owned, billMonth(plan, meters, situation), situation)
  }

  function fire(owned: Owned, entry: Entry): void {
    if (entry.kind === 'usage_plan') billing.begin(owned, entry as Entry<'usage_plan'>)
    else transit(owned, entry)
  }

  function transit(owned: Owned, entry: Entry): void {
    try {
      const seed = `${entry.id}@${entry.revision}`
      const situation = situationOf(owned, { actorId: SYSTEM, seed, cause: entry.cause })
      const change = transitionOf(entry, situation)
      if (change !== undefined) apply(owned, change, situation)
    } catch (error) {
      handle.fail(error as Error)
    }
  }

  /** Of a call with the key of an earlier one: its answer. */
  function heldAnswer(
    owned: Owned,
    command: DomainCommand,
    atMs: number,
  ): { status: number; body: unknown } | undefined {
    if (command.idempotencyKey === null) return undefined
    const held = owned.keys.find(hashOf(command.idempotencyKey), atMs)
    if (held === undefined) return undefined
    if (!held.contentHash.equals(contentHashOf(command)))
      throw new ClarionError(
        'idempotency_key_conflict',
        'The idempotency key was used by another call: take a new key, or repeat the call as it was.',
      )
    return { status: held.status, body: JSON.parse(held.answer) }
  }

  function carryOut(command: DomainCommand): { status: number; body: unknown } {
    const { organizationId, environment, actorId, requestId: seed, idempotencyKey } = command
    const owned = books.of({ organizationId, environment })
    const situation = situationOf(owned, { actorId, seed, cause: null }, command.recordsMax)
    const held = heldAnswer(owned, command, situation.nowMs)
    if (held !== undefined) return held
    const { change, status, body } = settle(command.name, givenOf(command), owned.books, situation)
    if (change === undefined) return { status, body }
    const controlOffset = Math.max(view.appliedOffset, command.controlOffset)
    apply(owned, change, situation, controlOffset)
    if (idempotencyKey !== null && change.isIdle !== true)
      owned.keys.hold(hashOf(idempotencyKey), {
        ...{ contentHash: contentHashOf(command), atMs: situation.nowMs, status, answer: JSON.stringify(body) },
      })
    return { status, body }
  }

  function answer(command: DomainCommand): void {
    try {
      responses.answer(command.answerTo, { kind: 'responded', runId: '', value: carryOut(command) })
    } catch (error) {
      if (!(error instanceof ClarionError)) throw error
      const { code, message, details } = error
      responses.answer(command.answerTo, { kind: 'refused', runId: '', value: { code, message, details } })
    }
  }

  function take({ topic, offset, value }: LogRecord, isolated: boolean): void {
    try {
      const command = domainCommandCodec.decode(value!)
      if (isolated) responses.answer(command.answerTo, FAULT)
      else answer(command)
    } catch (error) {
      if (!isolated) throw error
      logger.error({ topic, offset, error: String(error) }, 'a record cannot be read; it is passed over')
    }
  }

  return {
    restore: books.restore,
    start() {
      books.start()
      for (const owned of books.all()) for (const entry of owned.books.everything()) due.follow(owned, entry)
      const { name } = domainCommands
      handle.assign(name, handle.shard, positions.from(name), positions.known(name))
    },
    receive(records, nextOffset, isolated) {
      for (const record of records) take(record, isolated)
      positions.advance(domainCommands.name, nextOffset)
      handle.write([])
    },
    changeBy({ owner, name, given, ...facts }) {
      const owned = books.of(owner)
      const situation = situationOf(owned, facts)
      const { change, body } = settle(name, given, owned.books, situation)
      apply(owned, change!, situation)
      return body
    },
    forget(organizationId) {
      for (const entry of books.forget(organizationId)) due.forget(entry)
      if (books.hasChanged()) handle.write([])
    },
    seal: books.seal,
    close() {
      due.close()
      billing.close()
    },
  }
}

const givenOf = ({ id, part, body, expectedRevision }: DomainCommand): Given => ({
  ...{ id, part, body: JSON.parse(body) as unknown },
  expectedRevision: expectedRevision ?? undefined,
})

/** Of a command that makes its transaction fail, again and again. */
const FAULT: GivenAnswer = {
  kind: 'refused',
  runId: '',
  value: { code: 'internal_error', message: 'The call could not be carried out, by a fault of the platform.' },
}

const HASH_BYTES = 16
const hashOf = (idempotencyKey: string): string => hash('sha256', idempotencyKey, 'hex')

function contentHashOf({ name, id, part, body }: DomainCommand): Buffer {
  const digest = hash('sha256', JSON.stringify([name, id, part, body]), 'buffer')
  return Buffer.from(digest.subarray(0, HASH_BYTES))
}
