import type { Webhook } from '../../model/webhooks.ts'

/** Events accepted during the pause: deliver all of them, or only those from now on. */
export type ResumeFrom = 'from_pause' | 'latest'

/** The fields that change as it is switched on or off. One that the engine switched off starts with fresh health. */
export function switched(
  active: boolean | undefined,
  before: Webhook,
  resume: ResumeFrom,
  nowMs: number,
): Partial<Webhook> {
  if (active === undefined || active === before.active) return {}
  const now = new Date(nowMs).toISOString()
  if (!active) return { active, pausedAt: now }
  const healthReset: Partial<Webhook> = before.health === 'disabled' ? { health: 'healthy', failingSince: null } : {}
  return { active, pausedAt: null, resumeAfter: resume === 'latest' ? now : null, ...healthReset }
}
