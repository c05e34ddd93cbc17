/** Paths of API routes, and which route answers. */
import { describe, expect, it } from '@jest/globals'
import type { RouteTrigger, Workflow } from '../../src/model/workflows.ts'
import { parsePath, shapeOf } from '../../src/workflows/route-path.ts'
import { createRouteTable } from '../../src/workflows/route-table.ts'
import { workflowOf } from './workflow-records.ts'

const route = (method: RouteTrigger['method'], path: string, fields: Partial<Workflow> = {}): Workflow =>
  workflowOf({
    ...{ id: `rte_${method} ${path}`, trigger: { kind: 'route', method, path } as RouteTrigger },
    ...fields,
  })
const found = (routes: Workflow[], path: string, method: RouteTrigger['method'] = 'GET') => {
  const match = createRouteTable(routes).find(path.split('/').slice(1)).get(method)
  return match && [match.route.trigger.path, match.params]
}

describe('a path', () => {
  it.each([
    ['orders', 'must begin with /'],
    [`/${'a'.repeat(255)}`, '255 characters'],
    ['/a//b', "segment ''"],
    ['/a/', "segment ''"],
    ['/a/../b', "segment '..'"],
    ['/a%2fb', 'without escapes'],
    ['/a b', 'without escapes'],
    ['/{a}/{a}', "parameter 'a'"],
    ['/{__proto__}', "parameter '__proto__'"],
    ['/{a}b', 'segment'],
    [`/${Array(21).fill('a').join('/')}`, '20 segments'],
  ])('%s is refused', (path, message) => {
    expect(parsePath(path)).toEqual({ ok: false, message: expect.stringContaining(message) })
  })

  it('has the shape of every other that matches the same requests', () => {
    const shape = (path: string) => {
      const parsed = parsePath(path)
      return parsed.ok ? shapeOf(parsed.segments) : undefined
    }
    expect(shape('/orders/{id}')).toBe(shape('/orders/{order}'))
    expect(shape('/orders/{id}')).not.toBe(shape('/orders/id'))
    expect(shape('/')).toBe('')
  })
})

describe('a request', () => {
  const routes = ['/orders/{id}', '/orders/open', '/{kind}/open/lines', '/orders/{id}/lines'].map(path =>
    route('GET', path),
  )

  it('goes to the literal segment before the parameter, and back where that leads nowhere', () => {
    expect(found(routes, '/orders/open')).toEqual(['/orders/open', {}])
    expect(found(routes, '/orders/7')).toEqual(['/orders/{id}', { id: '7' }])
    expect(found(routes, '/orders/open/lines')).toEqual(['/orders/{id}/lines', { id: 'open' }])
    expect(found(routes, '/bills/open/lines')).toEqual(['/{kind}/open/lines', { kind: 'bills' }])
    expect(found(routes, '/orders/7/lines/1')).toBeUndefined()
    expect(found(routes, '/orders//lines')).toBeUndefined()
  })

  it('finds each method with the parameters as that route calls them', () => {
    const both = [route('GET', '/a/{x}'), route('PUT', '/a/{y}')]
    expect([found(both, '/a/1'), found(both, '/a/1', 'PUT')]).toEqual([
      ['/a/{x}', { x: '1' }],
      ['/a/{y}', { y: '1' }],
    ])
  })

  it('finds no route that is switched off, not deployed or deleted', () => {
    const off = [{ active: false }, { deployed: null }, { deletedAt: '2026-01-01T00:00:00.000Z' }]
    for (const fields of off) expect(found([route('GET', '/a', fields)], '/a')).toBeUndefined()
  })

  it('takes a name that JavaScript knows as any other', () => {
    expect(found([route('GET', '/{id}')], '/__proto__')).toEqual(['/{id}', { id: '__proto__' }])
    expect(found([route('GET', '/a')], '/constructor')).toBeUndefined()
  })
})
