/** The parts from which every folder builds its table of routes. */
import { countMeta, countQuery } from './counted.ts'
import { EXPORT_CONTENT } from './listed.ts'
import { pagingQuery } from './paging.ts'
import type { Access, DirectHandler, Handler, Method, Route, Schema } from './route.ts'
import { boolean, listOf, object, string } from './schema-parts.ts'

export type Facts = Omit<Route, 'method' | 'path' | 'access' | 'summary' | 'handle' | 'direct' | 'preflight'>

export function route(
  method: Method,
  path: string,
  access: Access,
  summary: string,
  facts: Facts,
  handle: Handler,
): Route {
  return { method, path, access, summary, ...facts, handle }
}

/** For a table whose routes all have the same access. `common`: properties of all of them. */
export function routesWith(access: Access, common: Facts = {}) {
  return (method: Method, path: string, summary: string, facts: Facts, handle: Handler): Route =>
    route(method, path, access, summary, { ...common, ...facts }, handle)
}

/** An emit, answered on the raw response. */
export function direct(path: string, summary: string, facts: Facts, handler: DirectHandler): Route {
  return { method: 'POST', path, access: 'events:emit', summary, ...facts, direct: handler }
}

/** A list in pages. `query`: its filters. */
export const list = (items: Schema, query: Record<string, Schema> = {}): Facts => ({
  answer: listOf(items),
  query: object({ ...query, 'limit?': pagingQuery.limit, 'cursor?': pagingQuery.cursor }),
})

/** The same, whose entries can be counted. */
export const counted = (items: Schema, query: Record<string, Schema> = {}): Facts => ({
  ...list(items, { ...query, ...countQuery }),
  meta: countMeta,
})

/** The same, which is a file for a caller that accepts one. */
export const exported = (items: Schema, query: Record<string, Schema> = {}): Facts => ({
  ...counted(items, query),
  alsoAs: EXPORT_CONTENT,
})

export const deleted = object({ id: string, deleted: boolean })
