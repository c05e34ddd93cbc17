/** Bytes of a record in an answer: as text where they are UTF-8, else as base64; a field of the answer says which. */
import { isUtf8 } from 'node:buffer'
import type { QuarantinedRecord, QuarantineEntry } from '../../analytics/read/quarantine-reads.ts'

interface PresentedBytes {
  text: string | null
  encoding: 'utf8' | 'base64' | null
}

function presentBytes(bytes: Buffer | null): PresentedBytes {
  if (bytes === null) return { text: null, encoding: null }
  return isUtf8(bytes)
    ? { text: bytes.toString('utf8'), encoding: 'utf8' }
    : { text: bytes.toString('base64'), encoding: 'base64' }
}

/** `base64Headers` lists those whose values are base64. */
function presentHeaders(headers: ReadonlyArray<readonly [string, Buffer]>): {
  headers: Record<string, string>
  base64Headers: string[]
} {
  const presented = headers.map(([name, value]) => [name, presentBytes(value)] as const)
  return {
    headers: Object.fromEntries(presented.map(([name, { text }]) => [name, text ?? ''])),
    base64Headers: presented.filter(([, { encoding }]) => encoding === 'base64').map(([name]) => name),
  }
}

export const presentEntry = <Entry extends QuarantineEntry>(entry: Entry) => ({ id: entry.emitId, ...entry })

/** For keys that may not see payloads: neither does its key nor a header say what it holds. */
export const withholdRecord = ({ key: _key, headers: _headers, payload, ...entry }: QuarantinedRecord) => ({
  ...presentEntry(entry),
  ...{ payloadBytes: payload?.length ?? 0, withheld: true },
})

export function presentRecord({ key, headers, payload, ...entry }: QuarantinedRecord) {
  const [presentKey, presentPayload] = [presentBytes(key), presentBytes(payload)]
  return {
    ...presentEntry(entry),
    ...{ key: presentKey.text, keyEncoding: presentKey.encoding },
    ...presentHeaders(headers),
    ...{ payload: presentPayload.text, payloadEncoding: presentPayload.encoding, payloadBytes: payload?.length ?? 0 },
  }
}
