/** Calls by their row in the table of operations. */
import { OPERATIONS } from '../generated/operations.ts'
import type { Caller, Given, CallOptions as Options } from '../operation.ts'
import { at } from './call.ts'
import { each as eachPage } from './pages.ts'
import type { Request, Send } from './transport.ts'

export function createCaller(send: Send): Caller {
  return {
    call: async <T>(name: string, given: Given, options: Options) =>
      (await send<T>(requestFor(name, given, options))).data,
    async page<T>(name: string, given: Given, options: Options) {
      const { data, nextCursor } = await send<T[]>(requestFor(name, given, options))
      return { data, nextCursor }
    },
    each: <T>(name: string, given: Given, options: Options) =>
      eachPage(given.query ?? {}, query => send<T[]>(requestFor(name, { ...given, query }, options))),
  }
}

function requestFor(name: string, { ids, query, input }: Given, { signal, ifMatch }: Options): Request {
  const operation = OPERATIONS[name]
  if (operation === undefined) throw new TypeError(`There is no call ${name}.`)
  return {
    method: operation.method as Request['method'],
    path: pathOf(operation.path, ids),
    isWholePath: true,
    query,
    body: input,
    signal,
    onlyOnce: operation.repeat === 'ifNotDone',
    answer: operation.answer as 'data',
    ...(ifMatch === undefined ? {} : { headers: { 'if-match': String(ifMatch) } }),
  }
}

/** The ids in their places. */
function pathOf(path: string, ids: readonly string[]): string {
  let place = 0
  return path.replace(/\/\{\w+\}/g, () => at(ids[place++]!))
}
