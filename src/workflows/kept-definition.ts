/** Definitions as records keep them: deflated, because every process holds the records of all workflows in memory. */
import { hash } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { canonicalJson } from '../json/canonical-json.ts'
import { readJson } from '../json/read-json.ts'
import type { KeptDefinition, WorkflowDraft } from '../model/workflows.ts'

/** The largest definition, as JSON. */
export const DEFINITION_BYTES_MAX = 65_536

/**
 * `canonical`: with sorted keys, as versions are kept; else in the given order, as a draft is. The hash is that of the
 * canonical JSON in both.
 */
export function keepDefinition(definition: unknown, form: 'canonical' | 'given'): KeptDefinition {
  const canonical = canonicalJson(definition)
  const text = form === 'canonical' ? canonical : JSON.stringify(definition)
  return {
    deflated: deflateRawSync(text).toString('base64'),
    bytes: Buffer.byteLength(text),
    hash: hash('sha256', canonical, 'hex'),
  }
}

export const definitionText = ({ deflated }: KeptDefinition): string =>
  inflateRawSync(Buffer.from(deflated, 'base64'), { maxOutputLength: 4 * DEFINITION_BYTES_MAX }).toString('utf8')

export const readDefinition = (kept: KeptDefinition): unknown => readJson(definitionText(kept))

/** The cost of a definition in the organization's share: its characters in memory, and as much as a small record has. */
export const KEPT_BYTES_MIN = 1_024
export const keptBytes = ({ deflated }: KeptDefinition): number => Math.max(KEPT_BYTES_MIN, deflated.length)

export const draftBytes = (draft: Pick<WorkflowDraft, 'deflated' | 'bytes' | 'hash' | 'pins'>): number =>
  keptBytes(draft) + (draft.pins === undefined ? 0 : JSON.stringify(draft.pins).length)
