/** Which events of a webhook are mirrored: the same ones in every process, whatever else is mirrored. */
import { hash } from 'node:crypto'
import type { Shadow } from '../model/shadows.ts'

export const isChosen = ({ share, until }: Pick<Shadow, 'share' | 'until'>, eventId: string, nowMs: number): boolean =>
  nowMs < Date.parse(until) && hash('sha256', eventId, 'buffer').readUInt32BE(0) % 100 < share
