/** Errors of the bus: each has a code that does not change. */

/** What each code means, and what to do. */
export const BUS_CODES = {
  bus_closed: 'The bus is closed: open another one.',
  bus_full: 'Too many events are unfinished: publish again when some are done.',
  bus_unavailable: 'The broker or the platform does not answer: publish the same event again, with its id.',
  event_invalid: 'The event is not one that every bus can carry; the message begins with the JSON pointer.',
  event_refused: 'The broker or the platform refuses the event; `reason` is its code.',
  subscription_invalid: 'The handler is no function, or a type is empty or a pattern.',
  reading_refused: 'Reading has ended for good; `reason` is the code of the platform. Publishing goes on.',
  record_unreadable: 'A record of the log is no event: it is passed over, and the message says where it is.',
  events_lost: 'Events left the log before they were read; reading goes on with the oldest one.',
  payload_withheld: 'The key may not read payloads: events come with null in their place.',
  package_missing: 'A part of the bus needs a package that is not installed.',
} as const

export type BusErrorCode = keyof typeof BUS_CODES

export class BusError extends Error {
  override readonly name = 'BusError'
  readonly code: BusErrorCode
  /** The code of the platform or the broker, where there is one. */
  readonly reason: string | undefined

  constructor(code: BusErrorCode, message: string, options: { reason?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.reason = options.reason
  }
}

/** What `publish` of the in-memory bus rejects with once all handlers have run: `errors` in the order of subscription. */
export class HandlersFailed extends AggregateError {
  override readonly name = 'HandlersFailed'
  readonly code = 'handlers_failed'

  constructor(errors: readonly Error[]) {
    super(errors, `${errors.length} of the handlers failed: ${errors.map(({ message }) => message).join('; ')}`)
  }
}

export const errorOf = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown })
