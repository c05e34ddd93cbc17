/** Why a partition is unavailable for writing, according to the brokers' answers. */
import type { PartitionInfo } from './topic-info.ts'

export type Ailment = 'no_leader' | 'too_few_replicas'

export interface Ailing {
  topic: string
  partition: number
  ailment: Ailment
}

/** `min.insync.replicas` as the platform sets it (`provisioning.ts`). */
export const minInSyncOf = (replicas: number): number => (replicas >= 3 ? 2 : 1)

export function ailmentOf({
  leader,
  isr,
  replicas,
}: Pick<PartitionInfo, 'leader' | 'isr' | 'replicas'>): Ailment | undefined {
  if (leader < 0) return 'no_leader'
  return isr.length < minInSyncOf(replicas.length) ? 'too_few_replicas' : undefined
}
