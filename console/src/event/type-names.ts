/** Names and versions of event types. */
import type { Registration } from '../api/types.ts'

export const fullName = ({ namespace, name }: Pick<Registration, 'namespace' | 'name'>) => `${namespace}.${name}`

export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map(each => each.split('.').map(Number))
  for (let at = 0; at < 3; at++) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
