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
  // A closed terminal (EIO) or reader (EPIPE) never accepts a line again: lines are dropped, not buffered, and this is
  // not an error.
  destination.on('error', () => {
    destination.write = () => true
  })
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
}
