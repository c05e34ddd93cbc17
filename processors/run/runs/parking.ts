/** Runs that wait for a time, by organization: a plan has so many of them. One that was let in stays, whatever changes. */
import type { LiveRun } from '../live-run.ts'

export interface Parking {
  /** False: the organization has as many as its plan lets. `isRestored`: it was let in before. */
  enter(live: LiveRun, isRestored: boolean): boolean
  leave(live: LiveRun): void
}

export function createParking({ limitOf }: { limitOf(organizationId: string): number }): Parking {
  const counts = new Map<string, number>()

  return {
    enter(live, isRestored) {
      const { organizationId } = live.lane
      const count = counts.get(organizationId) ?? 0
      if (live.isParked) return true
      if (!isRestored && count >= limitOf(organizationId)) return false
      live.isParked = true
      counts.set(organizationId, count + 1)
      return true
    },
    leave(live) {
      if (!live.isParked) return
      live.isParked = false
      const { organizationId } = live.lane
      const left = counts.get(organizationId)! - 1
      if (left === 0) counts.delete(organizationId)
      else counts.set(organizationId, left)
    },
  }
}
