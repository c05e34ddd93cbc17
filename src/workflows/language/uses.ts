/** The references of an action, in its templates and conditions. */
import { pointerTo } from '../../json/json-pointer.ts'
import type { ConditionGroup } from '../../model/conditions.ts'
import type { Place } from './action-spec.ts'
import { specOf } from './actions/index.ts'
import { conditionParts } from './conditions.ts'
import type { Action } from './definition.ts'
import { placedTexts } from './places.ts'
import type { Reference } from './references.ts'
import { parseTemplate, type Template, type TemplateProblem } from './template-syntax.ts'

export interface Use {
  /** Pointer to the text or path. */
  path: string
  reference: Reference
  /** As it is written, for the message. */
  source: string
  /** It has a default, or asks whether the value exists. */
  toleratesMissing: boolean
  /** A secret may be read here. */
  takesSecrets: boolean
}

/** A text with its parts; `problem` when it cannot be read. */
export interface TemplateText {
  path: string
  place: Place
  takesSecrets: boolean
  template: Template
  problem?: TemplateProblem
}

/** Each text is parsed once for all checks of an action. */
const parsedTexts = new WeakMap<Action, { path: string; texts: TemplateText[] }>()

/** Every text of an action that may be a template, its bodies apart. */
export function templatesOf(action: Action, path: string): TemplateText[] {
  const known = parsedTexts.get(action)
  if (known?.path === path) return known.texts
  const texts = parseTexts(action, path)
  parsedTexts.set(action, { path, texts })
  return texts
}

function parseTexts(action: Action, path: string): TemplateText[] {
  const at = pointerTo(path, 'with')
  const { schema } = specOf(action.type)
  const texts = [...placedTexts(schema, action.with, at), ...conditionTexts(action, path)]
  if (action.type === 'switch')
    for (const [index, { value }] of action.cases.entries())
      texts.push(...placedTexts({ 'x-template': 'value' }, value, `${path}/cases/${index}/value`))
  return texts.map(({ path, text, place, secrets }) => {
    const parsed = parseTemplate(text)
    const common = { path, place, takesSecrets: secrets }
    return parsed.ok ? { ...common, template: parsed.template } : { ...common, template: [], problem: parsed.problem }
  })
}

export function usesOf(action: Action, path: string): Use[] {
  const uses: Use[] = []
  for (const { path: at, template, takesSecrets } of templatesOf(action, path))
    for (const part of template)
      if (typeof part === 'object') {
        const toleratesMissing = part.filters.some(({ name }) => name === 'default')
        uses.push({ path: at, reference: part.reference, source: `{{${part.source}}}`, toleratesMissing, takesSecrets })
      }
  for (const { group, path: at } of groupsOf(action, path))
    for (const part of conditionParts(group, at))
      if ('reference' in part) {
        const toleratesMissing = part.tests === 'existence'
        uses.push({ ...part, source: textOfReference(part.reference), toleratesMissing, takesSecrets: false })
      }
  return uses
}

function conditionTexts(action: Action, path: string) {
  return groupsOf(action, path).flatMap(({ group, path: at }) =>
    conditionParts(group, at).flatMap(part =>
      'operand' in part ? [...placedTexts({ 'x-template': 'value' }, part.operand, part.path)] : [],
    ),
  )
}

/** The groups of conditions of an action. */
function groupsOf(action: Action, path: string): Array<{ group: ConditionGroup; path: string }> {
  if (action.type === 'condition') return [{ group: action.with, path: `${path}/with` }]
  return action.type === 'loop_while' ? [{ group: action.with.condition, path: `${path}/with/condition` }] : []
}

const textOfReference = ({ scope, key, rest }: Reference): string =>
  [scope + (key === undefined ? '' : `['${key}']`), ...rest].join('.')
