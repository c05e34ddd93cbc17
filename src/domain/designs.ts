/** Designs: drafts with elements, exports, shares and suggestions, each change with its event. Fields are in camelCase. */
import { isDeepStrictEqual } from 'node:util'
import { ClarionError } from '../model/codes.ts'
import { type Change, type Command, change, changed, findEntry, idOf, newEntry, type Situation } from './change.ts'
import type { Design, Entry, Suggestion } from './kinds.ts'

const ELEMENTS_MAX = 500
const ELEMENTS_BYTES_MAX = 262_144
/** The newest are kept. */
const EXPORTS_MAX = 50
const SHARES_MAX = 50

/** Suggestions for every design. */
const SUGGESTIONS: ReadonlyArray<Pick<Suggestion, 'type' | 'changes'>> = [
  { type: 'contrast', changes: { textColor: '#111111', background: '#ffffff' } },
  { type: 'typography', changes: { fontFamily: 'Inter', fontSize: 16 } },
  { type: 'layout', changes: { columns: 12, gutter: 24 } },
]

export const createDesign: Command = ({ body }, situation) => {
  const {
    name,
    description = null,
    userId = situation.actorId,
  } = body as {
    name: string
    description?: string
    userId?: string
  }
  const suggestions = SUGGESTIONS.map(({ type, changes }, at) => ({
    ...{ suggestionId: idOf('sug', situation, `/${at}`), n: at + 1, type, changes, applied: false },
  }))
  const fields: Design = { name, description, userId, style: {}, elements: [], suggestions, exports: [], shares: [] }
  const entry = newEntry('design', fields, situation)
  const data = { designId: entry.id, name, createdAt: timeOf(entry.createdAtMs), userId }
  return change([entry], [{ type: 'design.created', data }], { status: 201 })
}

/** A patch that changes nothing announces nothing. */
export const changeDesign: Command = (given, situation) => {
  const entry = findEntry(situation, 'design', given)
  const patch = given.body as Partial<Pick<Design, 'name' | 'description' | 'style'>>
  const changes = Object.fromEntries(
    Object.entries(patch).filter(([name, value]) => !isDeepStrictEqual(entry.fields[name as 'name'], value)),
  )
  if (Object.keys(changes).length === 0) return change([], [], { answer: entry })
  const next = changed(entry, changes, situation)
  const data = { designId: entry.id, name: next.fields.name, updatedAt: timeOf(next.updatedAtMs), changes }
  return change([next], [{ type: 'design.updated', data }])
}

export const deleteDesign: Command = (given, situation) => {
  const entry = findEntry(situation, 'design', given)
  const data = { designId: entry.id, deletedAt: timeOf(situation.nowMs), userId: situation.actorId }
  const answer = { id: entry.id, deleted: true }
  return change([], [{ type: 'design.deleted', data }], { removed: [entry], answer })
}

export const exportDesign: Command = (given, situation) => {
  const entry = findEntry(situation, 'design', given)
  const { format, preset = 'default' } = given.body as { format: string; preset?: string }
  const exportId = idOf('exp', situation)
  const exportUrl = `/api/v1/designs/${entry.id}/exports/${exportId}`
  const made = { exportId, format, preset, exportUrl, createdAt: situation.nowMs }
  const data = { designId: entry.id, format, preset, exportUrl, exportId }
  const exports = [...entry.fields.exports, made].slice(-EXPORTS_MAX)
  return partOf(
    entry,
    { exports },
    { type: 'design.exported', data },
    { ...made, createdAt: timeOf(made.createdAt) },
    situation,
  )
}

export const shareDesign: Command = (given, situation) => {
  const entry = findEntry(situation, 'design', given)
  const { visibility = 'private' } = given.body as { visibility?: string }
  const shareId = idOf('shr', situation)
  const shareUrl = `/api/v1/designs/${entry.id}/shares/${shareId}`
  const made = { shareId, shareUrl, visibility, createdAt: situation.nowMs }
  const data = { designId: entry.id, shareId, shareUrl, visibility }
  const shares = [...entry.fields.shares, made].slice(-SHARES_MAX)
  return partOf(
    entry,
    { shares },
    { type: 'design.shared', data },
    { ...made, createdAt: timeOf(made.createdAt) },
    situation,
  )
}

export const addElement: Command = (given, situation) => {
  const entry = findEntry(situation, 'design', given)
  const { type, properties = {} } = given.body as { type: string; properties?: Record<string, unknown> }
  const element = { elementId: idOf('elm', situation), type, properties }
  const elements = [...entry.fields.elements, element]
  if (elements.length > ELEMENTS_MAX) throw full(`${ELEMENTS_MAX} elements`)
  if (Buffer.byteLength(JSON.stringify(elements)) > ELEMENTS_BYTES_MAX) throw full('256 KB of elements')
  const data = { designId: entry.id, ...element }
  return partOf(entry, { elements }, { type: 'element.added', data }, { ...element }, situation)
}

export const applySuggestion: Command = (given, situation) => {
  const entry = findEntry(situation, 'design', given)
  const found = entry.fields.suggestions.find(({ n }) => String(n) === given.part)
  if (found === undefined) throw new ClarionError('not_found', `The design has no suggestion ${given.part}.`)
  const { suggestionId, n, type, changes } = found
  if (found.applied) throw new ClarionError('invalid_transition', `The suggestion ${n} has been applied.`)
  const fields = {
    suggestions: entry.fields.suggestions.map(each => (each.n === n ? { ...each, applied: true } : each)),
    style: { ...entry.fields.style, ...changes },
  }
  const data = { designId: entry.id, suggestionId, type, changes }
  return partOf(entry, fields, { type: 'ai.suggestion.applied', data }, { ...found, applied: true }, situation)
}

/** The answer is the part, with the revision of the whole. */
function partOf(
  entry: Entry<'design'>,
  fields: Partial<Design>,
  event: Change['events'][number],
  part: Record<string, unknown>,
  situation: Situation,
): Change {
  const next = changed(entry, fields, situation)
  return change([next], [event], { answer: { designId: entry.id, ...part, revision: next.revision }, status: 201 })
}

const full = (what: string) => new ClarionError('domain_limit_exceeded', `A design may have ${what}.`)
const timeOf = (ms: number): string => new Date(ms).toISOString()
