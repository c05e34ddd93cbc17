/** When and on what a run was made, in one line. */
import { cpus } from 'node:os'
import type { Clock } from '../src/clock.ts'

export function describeMachine(clock: Clock): string {
  const date = new Date(clock.nowMs()).toISOString().slice(0, 16).replace('T', ' ')
  return `${date} UTC, Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model.trim()}`
}
