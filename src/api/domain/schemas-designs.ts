/** Designs and their parts: Platphorm's part of the reference domain. */
import {
  anyObject,
  boolean,
  integer,
  listOf,
  nullable,
  object,
  oneOf,
  string,
  text,
  time,
} from '../http/schema-parts.ts'

const NAME_MAX = 255
const name = text(1, NAME_MAX)

export const newDesign = object({ name, 'description?': text(0, 2_000), 'userId?': name })
export const designPatch = {
  ...object({ 'name?': name, 'description?': { ...text(0, 2_000), type: ['string', 'null'] }, 'style?': anyObject }),
  minProperties: 1,
}
const summary = {
  id: string,
  name: string,
  description: nullable(string),
  userId: string,
  style: anyObject,
  elementCount: integer,
  revision: integer,
  createdAt: time,
  updatedAt: time,
}
export const designSummary = object(summary)

const madeElement = { elementId: string, type: string, properties: anyObject }
const madeSuggestion = { suggestionId: string, n: integer, type: string, changes: anyObject, applied: boolean }
const madeExport = { exportId: string, format: string, preset: string, exportUrl: string, createdAt: time }
const madeShare = { shareId: string, shareUrl: string, visibility: string, createdAt: time }
export const design = object({
  ...summary,
  elements: listOf(object(madeElement)),
  suggestions: listOf(object(madeSuggestion)),
  exports: listOf(object(madeExport)),
  shares: listOf(object(madeShare)),
})

const ofDesign = { designId: string, revision: integer }
export const newElement = object({ type: text(1, 60), 'properties?': anyObject })
export const element = object({ ...madeElement, ...ofDesign })
export const newExport = object({
  format: oneOf(['png', 'jpg', 'svg', 'pdf', 'json']),
  'preset?': text(1, 60),
})
export const exported = object({ ...madeExport, ...ofDesign })
export const newShare = object({ 'visibility?': oneOf(['private', 'link', 'public']) })
export const shared = object({ ...madeShare, ...ofDesign })
export const suggestion = object({ ...madeSuggestion, ...ofDesign })
/** Of a part of a design, looked up by its address. */
export const partOfDesign = anyObject
