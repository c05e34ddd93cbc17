/** How events and replays end at a target. */

export interface HandedOver {
  /** `redriven`: a delivery from before begins its schedule again, and has its outcome. */
  outcome: 'delivered' | 'skipped' | 'failed' | 'redriven'
  reason: string | null
  deliveryId?: string
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
