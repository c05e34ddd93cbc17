/** The demo of workflows without a platform: what it compares, and where it holds its runs. */
import { describe, expect, it } from '@jest/globals'
import { GATED_ORDERS, GATED_REORDER, gatesOf, ORDERS, REORDER } from '../../demo/workflows/definitions.ts'
import { linesOf } from '../../demo/workflows/ledger.ts'
import { agree, table } from '../../demo/workflows/run.ts'
import { createFindings } from '../../src/workflows/language/findings.ts'
import { readDefinition } from '../../src/workflows/language/read-definition.ts'

const EXPECTED = {
  ...{ orders: 3, reorders: 1, asked: 1, notifications: 1 },
  routeRuns: { 'route succeeded': 3 },
  workflowRuns: { 'live succeeded': 1 },
}
const types = { 'invoice.generated': 3, 'platformxe.generic': 1 }
const found = {
  ...{ stock: 49, invoices: [1, 2, 3], log: types, received: types, rows: types, asked: 1, notifications: 1 },
  ...{ routeRuns: EXPECTED.routeRuns, workflowRuns: EXPECTED.workflowRuns },
}
const shop = { stock: 52 }

describe('the demo of workflows', () => {
  it('agrees when every side has what must be', () => {
    const lines = linesOf(shop, EXPECTED, found)
    expect(agree([{ name: 'n', lines }])).toBe(true)
    expect(table([{ name: 'n', lines }])).not.toContain('differ')
  })

  it.each([
    ['stock', { stock: 48 }],
    ['invoices, numbers without a gap', { invoices: [1, 2, 4] }],
    ['invoice.generated', { rows: { ...types, 'invoice.generated': 2 } }],
    ['sku_reorder', { received: { ...types, 'platformxe.generic': 2 } }],
    ['runs of orders: route succeeded', { routeRuns: { 'route succeeded': 4 } }],
    ['runs of workflows: live failed', { workflowRuns: { ...EXPECTED.workflowRuns, 'live failed': 1 } }],
    ['steps that asked the supplier', { asked: 2 }],
    ['notifications', { notifications: 0 }],
  ])('differs in %s alone', (name, wrong) => {
    const lines = linesOf(shop, EXPECTED, { ...found, ...wrong })
    expect(lines.filter(({ agrees }) => !agrees).map(each => each.name)).toEqual([name])
    expect(table([{ name: 'n', lines }])).toMatch(/differ/)
  })

  it('holds runs before and behind every step, of bodies too', () => {
    expect(gatesOf(GATED_ORDERS)).toHaveLength(ORDERS.actions.length + 1 + 2)
    expect(gatesOf(GATED_REORDER)).toHaveLength(REORDER.actions.length + 1)
  })

  it.each([GATED_ORDERS, GATED_REORDER])('has definitions that a deploy can read', definition => {
    const findings = createFindings()
    readDefinition(JSON.stringify(definition), findings)
    expect(findings.list()).toEqual([])
  })
})
