/**
 * Progress of a starting broker. It first loads each partition's log, which takes minutes with tens of thousands of
 * them after a kill.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const TAIL_BYTES = 4_096
/** `LogManager Completed load of Log(…) with 1 segments … (12/345 completed in …)` */
const COMPLETED = /\((\d+)\/(\d+) completed in /g

/** The broker's own progress log, beside its data; every start begins it anew (`log4j2.properties`). */
export const progressLog = (logPath: string): string => `${logPath}.start`

/** `1200 of 3400 logs read`, or undefined before the first. */
export function logsRead(path: string): string | undefined {
  const [, read, all] = [...tailOf(path).matchAll(COMPLETED)].at(-1) ?? []
  return read === undefined ? undefined : `${read} of ${all} logs read`
}

function tailOf(path: string): string {
  try {
    const file = openSync(path, 'r')
    try {
      const tail = Buffer.alloc(TAIL_BYTES)
      const from = Math.max(0, fstatSync(file).size - TAIL_BYTES)
      return tail.toString('utf8', 0, readSync(file, tail, 0, TAIL_BYTES, from))
    } finally {
      closeSync(file)
    }
  } catch {
    return '' // the broker has not started it yet
  }
}
