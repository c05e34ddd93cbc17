/**
 * Whether this process holds the registrations that the log says: once an hour it reads the log again, up to the place
 * that its view had at the beginning, and compares. What differs is taken from the log again; only a difference that
 * comes back three times is critical. Each process compares itself with one place of one log, so neither clocks nor
 * processes of another release can make a difference.
 */
import { control } from '../../../topics/control.ts'
import type { Clock, Random, Timer } from '../../clock.ts'
import { schemaHash } from '../../json/canonical-json.ts'
import { readJson } from '../../json/read-json.ts'
import type { LogRecord } from '../../kafka/ports.ts'
import type { LogPages } from '../../kafka/read/log-pages.ts'
import type { Logger } from '../../logger.ts'
import type { DriftFinding, Observation } from '../../model/drift.ts'
import type { Registration } from '../../model/registrations.ts'
import type { ControlViewStore } from '../store/view-store.ts'
import type { Drift } from './drift.ts'

const EVERY_MS = 3_600_000
/** Taken from the log so often; then it is not the view alone that is wrong. */
const TRIES_MAX = 3
const KIND = 'registration/'

export interface MaterialisationWatch {
  /** One comparison; for tests. */
  look(): Promise<void>
  close(): Promise<void>
}

interface Expected {
  record: LogRecord
  registration: Registration
}

export function watchMaterialisation(deps: {
  view: Pick<ControlViewStore, 'appliedOffset' | 'find' | 'onChange' | 'organization' | 'reapply'>
  pages: Pick<LogPages, 'read'>
  drift: Pick<Drift, 'look'>
  clock: Clock
  random: Random
  logger: Logger
  /** Between two comparisons, about. */
  everyMs?: number
}): MaterialisationWatch {
  const { view, pages, drift, clock, logger, everyMs = EVERY_MS } = deps
  /** Differences by registration, and how often each was mended. */
  const tries = new Map<string, number>()
  /** Organizations whose finding may be over. */
  const told = new Set<string>()
  let timer: Timer | undefined
  let working: Promise<void> = Promise.resolve()
  let closed = false

  /** The newest record of each registration below this offset. */
  async function readLog(end: number): Promise<Map<string, Expected>> {
    const newest = new Map<string, LogRecord>()
    for (let offset = 0; offset < end && !closed; ) {
      const { records, nextOffset } = await pages.read(control.name, 0, offset)
      for (const record of records) {
        const key = record.key?.toString() ?? ''
        if (!key.startsWith(KIND) || record.offset >= end) continue
        if (record.value === null) newest.delete(key)
        else newest.set(key, record)
      }
      if (nextOffset === offset) break
      offset = nextOffset
    }
    const expected = new Map<string, Expected>()
    for (const record of newest.values()) {
      const registration = readJson(record.value!.toString()) as Registration
      expected.set(registration.id, { record, registration })
    }
    return expected
  }

  async function look(): Promise<void> {
    const changed = new Set<string>()
    const stop = view.onChange((kind, _organizationId, id) => void (kind === 'registration' && changed.add(id)))
    try {
      const expected = await readLog(view.appliedOffset + 1)
      const found = new Map<string, Observation[]>()
      for (const [id, { record, registration }] of expected) {
        if (closed) return
        const difference = changed.has(id) ? undefined : differenceOf(view, registration)
        if (difference === undefined) tries.delete(id)
        else mend(found, registration, record, difference)
      }
      await tell(found)
    } finally {
      stop()
    }
  }

  function mend(found: Map<string, Observation[]>, registration: Registration, record: LogRecord, what: string): void {
    const { id, organizationId, canonicalName } = registration
    const count = (tries.get(id) ?? 0) + 1
    tries.set(id, count)
    logger.error({ organizationId, registrationId: id, what, count }, 'a registration is not what the log says')
    view.reapply(record)
    const all = found.get(organizationId) ?? []
    found.set(organizationId, all)
    all.push({
      ...{ kind: 'materialisation', severity: count >= TRIES_MAX ? 'critical' : 'warning' },
      ...{ entityType: 'registration', entityId: id, canonicalName },
      message: `A process held ${canonicalName} otherwise than the registry (${what}); it has taken it from the log again.`,
      expected: { schemaHash: registration.schemaHash, status: registration.status },
      actual: { difference: what, times: count },
      diff: [{ path: `/${what}`, change: count >= TRIES_MAX ? 'comes_back' : 'differs' }],
    })
  }

  async function tell(found: ReadonlyMap<string, Observation[]>): Promise<void> {
    for (const organizationId of new Set([...found.keys(), ...told])) {
      const observed = found.get(organizationId) ?? []
      const covers = ({ kind, entityId }: DriftFinding): boolean => kind === 'materialisation' && !tries.has(entityId)
      await drift.look({ organizationId, covers, observe: () => observed })
      if (observed.length > 0) told.add(organizationId)
      else told.delete(organizationId)
    }
  }

  function arm(): void {
    if (closed) return
    // Jitter: processes that started together do not read together.
    timer = clock.after(everyMs * (0.75 + deps.random.uniform() / 2), () => {
      working = look()
        .catch(error => logger.warn({ error: String(error) }, 'registrations could not be compared with the log'))
        .then(arm)
    })
  }
  arm()
  return {
    look,
    async close() {
      closed = true
      timer?.cancel()
      await working
    },
  }
}

/** Undefined: it is as the log has it. Its schema is hashed again, since emits are judged by the schema. */
function differenceOf(view: Pick<ControlViewStore, 'find'>, expected: Registration): string | undefined {
  const held = view.find('registration', expected.organizationId, expected.id)
  if (held === undefined) return 'missing'
  if (held.status !== expected.status) return 'status'
  return held.schemaHash === expected.schemaHash && schemaHash(held.payloadSchema) === hashOf(expected)
    ? undefined
    : 'schemaHash'
}

/** Of the record: schemas with numbers beyond doubles have the same hash when they are read the same way. */
const hashOf = ({ payloadSchema }: Registration): string => schemaHash(payloadSchema)
