/** A notification as channels show it. */
import type { NotificationRecord } from '../../topics/notifications.ts'

export type Message = Pick<
  NotificationRecord,
  'id' | 'organizationId' | 'environment' | 'title' | 'message' | 'severity' | 'data' | 'kind' | 'createdAtMs' | 'mail'
>

export const MESSAGE_CHARACTERS_MAX = 4_000

/** On one line, without control characters. */
export const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')

/** Cut to this many UTF-16 units, never within a character. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text
  const head = text.slice(0, length - 1)
  return `${/[\ud800-\udbff]$/.test(head) ? head.slice(0, -1) : head}…`
}

export const dataOf = ({ data }: Pick<Message, 'data'>): Record<string, unknown> =>
  data === null ? {} : (JSON.parse(data) as Record<string, unknown>)
