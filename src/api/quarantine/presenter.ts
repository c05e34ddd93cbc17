/** Bytes of a record in an answer: as text where they are UTF-8, else as base64; a field of the answer says which. */
import { isUtf8 } from 'node:buffer'
import type { QuarantinedRecord, QuarantineEntry } from '../../analytics/read/quarantine-reads.ts'

interface ShownBytes {
  text: string | null
  encoding: 'utf8' | 'base64' | null
}

function shownBytes(bytes: Buffer | null): ShownBytes {
  if (bytes === null) return { text: null, encoding: null }
  return isUtf8(bytes)
    ? { text: bytes.toString('utf8'), encoding: 'utf8' }
    : { text: bytes.toString('base64'), encoding: 'base64' }
}

/** `base64Headers` lists those whose values are base64. */
function shownHeaders(headers: ReadonlyArray<readonly [string, Buffer]>): {
  headers: Record<string, string>
  base64Headers: string[]
} {
  const shown = headers.map(([name, value]) => [name, shownBytes(value)] as const)
  return {
    headers: Object.fromEntries(shown.map(([name, { text }]) => [name, text ?? ''])),
    base64Headers: shown.filter(([, { encoding }]) => encoding === 'base64').map(([name]) => name),
  }
}

export const shownEntry = <Entry extends QuarantineEntry>(entry: Entry) => ({ id: entry.emitId, ...entry })

export function shownRecord({ key, headers, payload, ...entry }: QuarantinedRecord) {
  const [shownKey, shownPayload] = [shownBytes(key), shownBytes(payload)]
  return {
    ...shownEntry(entry),
    ...{ key: shownKey.text, keyEncoding: shownKey.encoding },
    ...shownHeaders(headers),
    ...{ payload: shownPayload.text, payloadEncoding: shownPayload.encoding, payloadBytes: payload?.length ?? 0 },
  }
}
