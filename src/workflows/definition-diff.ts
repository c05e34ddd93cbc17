/** Changes of a version of a definition against the one before, by the keys of its actions. */
import { identityOf } from '../json/canonical-json.ts'
import { pointerTo } from '../json/json-pointer.ts'
import { type Action, bodiesOf, type Definition } from './language/definition.ts'

/** `path` points into the newer definition; into the older one for `removed`. */
export interface DefinitionChange {
  kind: 'added' | 'removed' | 'changed' | 'moved'
  key: string
  type: string
  path: string
  /** Of `changed`: what differs in the action, its bodies apart. A side without the field has no member. */
  fields?: Array<{ path: string; before?: unknown; after?: unknown }>
}

interface Placed {
  action: Action
  path: string
  /** The body that it is in, by the key of the action around it. */
  body: string
  /** The key of the action before it in the body; null for the first. */
  follows: string | null
}

/** In the order of the newer definition, then what was removed. An action that is moved and changed is both. */
export function definitionDiff(before: Definition, after: Definition): DefinitionChange[] {
  const older = placesOf(before)
  const newer = placesOf(after)
  const changes = [...newer].flatMap(([key, place]) => {
    const former = older.get(key)
    return former === undefined ? [changeOf('added', place)] : changesOf(former, place, older, newer)
  })
  const removed = [...older].filter(([key]) => !newer.has(key)).map(([, place]) => changeOf('removed', place))
  return [...changes, ...removed]
}

function changesOf(
  former: Placed,
  place: Placed,
  older: ReadonlyMap<string, Placed>,
  newer: ReadonlyMap<string, Placed>,
): DefinitionChange[] {
  const fields = fieldChanges(former.action, place.action, place.path)
  const changed: DefinitionChange[] = fields.length > 0 ? [{ ...changeOf('changed', place), fields }] : []
  return isMoved(former, place, older, newer) ? [changeOf('moved', place), ...changed] : changed
}

const changeOf = (kind: DefinitionChange['kind'], { action, path }: Placed): DefinitionChange => ({
  ...{ kind, key: action.key, type: action.type, path },
})

function placesOf(definition: Definition): Map<string, Placed> {
  const places = new Map<string, Placed>()
  const walk = (actions: readonly Action[], at: string, body: string): void => {
    let follows: string | null = null
    for (const [index, action] of actions.entries()) {
      const path = pointerTo(at, index)
      places.set(action.key, { action, path, body, follows })
      for (const inner of bodiesOf(action)) walk(inner.actions, `${path}/${inner.at}`, `${action.key}/${inner.at}`)
      follows = action.key
    }
  }
  walk(definition.actions, '/actions', 'actions')
  walk(definition.onError, '/onError', 'onError')
  return places
}

/** Another body, or another neighbour although both neighbours are in both: an insertion before it moves nothing. */
function isMoved(
  former: Placed,
  place: Placed,
  older: ReadonlyMap<string, Placed>,
  newer: ReadonlyMap<string, Placed>,
): boolean {
  if (former.body !== place.body) return true
  return nearest(former, older, newer) !== nearest(place, newer, older)
}

/** The nearest action before it in its body that the other definition has in the same body. */
function nearest(place: Placed, own: ReadonlyMap<string, Placed>, other: ReadonlyMap<string, Placed>): string | null {
  for (let key = place.follows; key !== null; key = own.get(key)?.follows ?? null)
    if (other.get(key)?.body === place.body) return key
  return null
}

const BODIES: ReadonlySet<string> = new Set(['then', 'else', 'do', 'cases', 'default'])

function fieldChanges(before: Action, after: Action, path: string): NonNullable<DefinitionChange['fields']> {
  const [older, newer] = [membersOf(before), membersOf(after)]
  return [...new Set([...newer.keys(), ...older.keys()])]
    .filter(name => identityOf(older.get(name)) !== identityOf(newer.get(name)))
    .map(name => ({
      path: `${path}${name}`,
      ...(older.has(name) ? { before: older.get(name) } : {}),
      ...(newer.has(name) ? { after: newer.get(name) } : {}),
    }))
}

/** The members of an action without its bodies, those of `with` one by one. */
function membersOf(action: Action): Map<string, unknown> {
  const members = new Map<string, unknown>()
  for (const [name, value] of Object.entries(action)) {
    if (name === 'with' && typeof value === 'object' && value !== null)
      for (const [field, given] of Object.entries(value)) members.set(pointerTo('/with', field), given)
    else if (name === 'onError' && typeof value === 'object') members.set('/onError', 'branch')
    else if (name === 'cases' && action.type === 'switch')
      members.set(
        '/cases',
        action.cases.map(each => each.value),
      )
    else if (!BODIES.has(name)) members.set(pointerTo('', name), value)
  }
  return members
}
