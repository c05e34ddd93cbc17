import type { OpenStream } from '../../../topics/streams-presence.ts'

export const presentStream = ({ openedAtMs, ...stream }: OpenStream) => ({
  ...stream,
  openedAt: new Date(openedAtMs).toISOString(),
})
