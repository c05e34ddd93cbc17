/** The canonical names of an organization's keys, each stored once while some entry has it, as a number per entry. */
import type { HeldKeyBytes } from '../../../topics/admission-keys.ts'

export interface CanonicalNames {
  byText: Map<string, number>
  texts: string[]
  /** Entries that use it, including removed ones that still take memory. */
  uses: number[]
  unused: number[]
  /** Name of the key restored last; the next key mostly has the same one. */
  latest: { bytes: Buffer; number: number } | undefined
}

export const createCanonicalNames = (): CanonicalNames => ({
  byText: new Map(),
  texts: [],
  uses: [],
  unused: [],
  latest: undefined,
})

export function use(names: CanonicalNames, text: string): number {
  const known = names.byText.get(text)
  if (known !== undefined) {
    names.uses[known]!++
    return known
  }
  const number = names.unused.pop() ?? names.texts.length
  names.byText.set(text, number)
  names.texts[number] = text
  names.uses[number] = 1
  return number
}

export function useBytes(names: CanonicalNames, { bytes, nameAt, nameLength }: HeldKeyBytes): number {
  const { latest } = names
  if (latest && isAt(bytes, nameAt, nameLength, latest.bytes)) {
    names.uses[latest.number]!++
    return latest.number
  }
  const number = use(names, bytes.toString('utf8', nameAt, nameAt + nameLength))
  names.latest = { bytes: Buffer.from(bytes.subarray(nameAt, nameAt + nameLength)), number }
  return number
}

function isAt(bytes: Buffer, at: number, length: number, expected: Buffer): boolean {
  if (length !== expected.length) return false
  for (let each = 0; each < length; each++) if (bytes[at + each] !== expected[each]) return false
  return true
}

export function disuse(names: CanonicalNames, number: number): void {
  if (--names.uses[number]! > 0) return
  if (names.latest?.number === number) names.latest = undefined
  names.byText.delete(names.texts[number]!)
  names.texts[number] = ''
  names.unused.push(number)
}
