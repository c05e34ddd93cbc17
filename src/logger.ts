/** Structured logs on standard error, one JSON object a line. */
import { pino } from 'pino'

export interface Logger {
  debug(facts: object, message: string): void
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
  child(facts: object): Logger
}

export function createLogger(level: string): Logger {
  const destination = pino.destination({ fd: 2, sync: true })
  // A closed terminal (EIO) and a reader that is gone (EPIPE) take nothing any more, ever: the lines are dropped, not kept, and not a fault.
  destination.on('error', () => {
    destination.write = () => true
  })
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
}
