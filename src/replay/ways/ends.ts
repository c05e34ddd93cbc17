/** How events and replays end at a target. */

export interface HandedOver {
  outcome: 'delivered' | 'skipped' | 'failed'
  reason: string | null
}

export interface TargetProgress {
  matched: number
  skipped: number
  handedOver: number
  failed: number
  expired: number
}

export interface TargetEnd {
  state: 'completed' | 'cancelled' | 'failed'
  reason: string | null
}
