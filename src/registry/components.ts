/**
 * Bundles a schema of an OpenAPI document: references to `#/components/schemas/…` become references to `$defs`, which hold
 * the components that are reached, and no others.
 */

import { isJsonObject } from '../json/json-pointer.ts'
import { filterKeywords, type SchemaObject, subschemasOf } from './schema-positions.ts'

const PREFIX = '#/components/schemas/'

/** References to components that are not there stay, and are reported as leading nowhere. The input is not changed. */
export function bundleComponents(schema: SchemaObject, components: unknown): SchemaObject {
  const schemas = isJsonObject(components) && isJsonObject(components.schemas) ? components.schemas : {}
  const taken = new Set(Object.keys(isJsonObject(schema.$defs) ? schema.$defs : {}))
  /** Names in `$defs` by the names of components. */
  const names = new Map<string, string>()
  const added: Array<[string, unknown]> = []

  const nameOf = (component: string): string => {
    const known = names.get(component)
    if (known !== undefined) return known
    let name = component
    while (taken.has(name)) name += '_'
    taken.add(name)
    names.set(component, name)
    added.push([name, undefined])
    const at = added.length - 1
    added[at] = [name, rewritten(schemas[component])]
    return name
  }

  const redirected = (reference: unknown): unknown => {
    if (typeof reference !== 'string' || !reference.startsWith(PREFIX)) return reference
    const [token = '', ...rest] = reference.slice(PREFIX.length).split('/')
    const component = unescaped(token)
    if (component === undefined || component === '__proto__' || !Object.hasOwn(schemas, component)) return reference
    return ['#/$defs', escaped(nameOf(component)), ...rest].join('/')
  }

  function rewritten(value: unknown): unknown {
    const copy = filterKeywords(value, () => true)
    if (isJsonObject(copy)) rewriteIn(copy)
    return copy
  }

  function rewriteIn(part: SchemaObject): void {
    if ('$ref' in part) part.$ref = redirected(part.$ref)
    if (isJsonObject(part.discriminator) && isJsonObject(part.discriminator.mapping)) {
      const mapping = Object.entries(part.discriminator.mapping).map(([value, target]) => [value, redirected(target)])
      part.discriminator = { ...part.discriminator, mapping: Object.fromEntries(mapping) }
    }
    for (const { schema: child } of subschemasOf(part, '')) if (isJsonObject(child)) rewriteIn(child)
  }

  const bundled = rewritten(schema) as SchemaObject
  if (added.length === 0) return bundled
  return { ...bundled, $defs: { ...(isJsonObject(bundled.$defs) ? bundled.$defs : {}), ...Object.fromEntries(added) } }
}

function unescaped(token: string): string | undefined {
  try {
    return decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return undefined
  }
}

const escaped = (name: string): string => encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))
