import { readFileSync } from 'node:fs'
import { expect, it } from '@jest/globals'
import { metrics } from './blocks.ts'

it('the dashboard shows every metric of ours, and none that there is not', () => {
  const text = readFileSync(new URL('../../docs/grafana/clarion.json', import.meta.url), 'utf8')
  const { panels } = JSON.parse(text) as { panels: Array<{ targets: Array<{ expr: string }> }> }
  const shown = panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => expr.match(/clarion_\w+/g) ?? []))
  const names = shown.map(name => name.replace(/_(?:bucket|count|sum)$/, ''))
  expect([...new Set(names)].sort()).toEqual(metrics().map(({ name }) => name))
})
