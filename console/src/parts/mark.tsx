/** A state as icon, word and colour, so that none of them is needed alone. */
import type { DeliveryStatus, EmitStatus } from '../api/types.ts'
import { w } from '../words/words.ts'

export type Tone = 'good' | 'bad' | 'warn' | 'calm'

const ICONS: Record<Tone, string> = { good: '✓', bad: '✕', warn: '↻', calm: '○' }

export function Mark({ tone, icon, pill, children }: { tone: Tone; icon?: string; pill?: boolean; children: string }) {
  return (
    <span className={`mark ${tone}${pill ? ' pill' : ''}`} data-icon={icon ?? ICONS[tone]}>
      {children}
    </span>
  )
}

const DELIVERY: Record<DeliveryStatus, Tone> = {
  success: 'good',
  failed: 'bad',
  retrying: 'warn',
  pending: 'calm',
  cancelled: 'calm',
  skipped: 'calm',
}

export function DeliveryMark({ status, pill }: { status: DeliveryStatus; pill?: boolean }) {
  const icon = status === 'cancelled' || status === 'skipped' ? { icon: '–' } : {}
  return (
    <Mark tone={DELIVERY[status] ?? 'calm'} pill={pill === true} {...icon}>
      {w.deliveryStatus[status] ?? status}
    </Mark>
  )
}

const EMIT: Record<EmitStatus, Tone> = {
  DELIVERED: 'good',
  FAILED: 'bad',
  REJECTED: 'bad',
  RELAYED: 'warn',
  REQUESTED: 'calm',
  DEDUPLICATED: 'calm',
}

export function EmitMark({ status, pill }: { status: EmitStatus; pill?: boolean }) {
  const icon = status === 'DEDUPLICATED' ? { icon: '=' } : {}
  return (
    <Mark tone={EMIT[status] ?? 'calm'} pill={pill === true} {...icon}>
      {w.emitStatus[status] ?? status}
    </Mark>
  )
}
