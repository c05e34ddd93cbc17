/** Events, and their builder: immutable, so that one handler cannot change what the next one gets. */
import { type Clock, type Random, systemClock, systemRandom } from './clock.ts'
import { checkText, copyJson, invalid } from './json-copy.ts'

export interface Event<Payload = unknown> {
  /** Unique. Publishing the same id again is the same event, where the broker compares ids. */
  readonly id: string
  readonly type: string
  /** When it happened: RFC 3339, UTC. */
  readonly time: string
  /** What the event is about. Events of one subject are handled in order. */
  readonly subject: string | null
  /** A JSON value. */
  readonly payload: Payload
  readonly tenantId: string | null
  readonly actorId: string | null
  readonly correlationId: string | null
}

const TEXT_CHARS_MAX = 255

/** Frozen copies that this module made: they need no second check. */
const checked = new WeakSet<object>()

interface Source {
  clock?: Clock
  random?: Random
}

/** An event that can be published as it is. `with…` makes another event, with an id of its own. */
export interface NewEvent<Payload = unknown> extends Event<Payload> {
  withSubject(subject: string | null): NewEvent<Payload>
  /** The subject, in the words of a control plane. */
  withInstance(instanceId: string | null): NewEvent<Payload>
  withTenant(tenantId: string | null): NewEvent<Payload>
  withActor(actorId: string | null): NewEvent<Payload>
  withCorrelation(correlationId: string | null): NewEvent<Payload>
  withPayload<Other>(payload: Other): NewEvent<Other>
  withTime(time: string | Date): NewEvent<Payload>
  /** An id from outside, which the further steps keep: for an event that may be published twice. */
  withId(id: string): NewEvent<Payload>
}

/** Id and time are filled. Throws `event_invalid` for what a bus could not carry. */
export function newEvent(type: string, tenantId: string | null = null, source: Source = {}): NewEvent<null> {
  const fields = { type, tenantId, subject: null, payload: null, actorId: null, correlationId: null }
  return build(fields, source)
}

type Fields<Payload> = Omit<Event<Payload>, 'id' | 'time'> & Partial<Pick<Event, 'id' | 'time'>>

function build<Payload>(fields: Fields<Payload>, source: Source): NewEvent<Payload> {
  const { clock = systemClock, random = systemRandom } = source
  const time = fields.time ?? new Date(clock.nowMs()).toISOString()
  const event = immutable({ ...fields, id: fields.id ?? random.id(), time }) as Event<Payload>
  const step = <Other = Payload>(change: object): NewEvent<Other> =>
    build({ ...fields, ...change } as unknown as Fields<Other>, source)
  const steps = {
    withSubject: (subject: string | null) => step({ subject }),
    withInstance: (subject: string | null) => step({ subject }),
    withTenant: (tenantId: string | null) => step({ tenantId }),
    withActor: (actorId: string | null) => step({ actorId }),
    withCorrelation: (correlationId: string | null) => step({ correlationId }),
    withPayload: <Other>(payload: Other) => step<Other>({ payload: copyJson(payload, '/payload') }),
    withTime: (given: string | Date) => step({ time: typeof given === 'string' ? given : timeOf(given) }),
    withId: (id: string) => step({ id }),
  }
  // The steps are inherited, so that copies and JSON have the fields alone.
  const built = Object.freeze(Object.assign(Object.create(Object.freeze(steps)) as NewEvent<Payload>, event))
  checked.add(built)
  return built
}

function timeOf(date: Date): string {
  if (Number.isNaN(date.getTime())) throw invalid('/time', 'is not a time')
  return date.toISOString()
}

/** The event as every bus hands it on: checked, copied and frozen. */
export function immutable(event: Event): Event {
  if (typeof event !== 'object' || event === null) throw invalid('', 'is no event; newEvent(type) makes one')
  if (checked.has(event)) return event
  const copied = Object.freeze({
    id: text(event.id, '/id'),
    type: text(event.type, '/type'),
    time: checkTime(event.time),
    subject: optional(event.subject, '/subject'),
    payload: copyJson(event.payload ?? null, '/payload'),
    tenantId: optional(event.tenantId, '/tenantId'),
    actorId: optional(event.actorId, '/actorId'),
    correlationId: optional(event.correlationId, '/correlationId'),
  })
  checked.add(copied)
  return copied
}

function text(value: unknown, pointer: string): string {
  if (typeof value !== 'string') throw invalid(pointer, 'must be a text')
  if (value === '' || value.length > TEXT_CHARS_MAX)
    throw invalid(pointer, `must have 1 to ${TEXT_CHARS_MAX} characters`)
  if (/\p{Cc}/u.test(value)) throw invalid(pointer, 'has a control character')
  return checkText(value, pointer)
}

const optional = (value: unknown, pointer: string): string | null =>
  value === null || value === undefined ? null : text(value, pointer)

function checkTime(time: unknown): string {
  const given = text(time, '/time')
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(given) || Number.isNaN(Date.parse(given)))
    throw invalid('/time', 'must be a time such as 2026-01-31T12:00:00.000Z')
  return given
}
