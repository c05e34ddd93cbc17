/** Scaling on an alert, as PLATFORMA's guide does it and as the workflow in `examples/` does it, against the reference domain. */
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from '@jest/globals'
import express from 'express'
import { type Client, createClient, rawBody } from '../../../sdks/typescript/src/index.ts'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../../support/platform.ts'
import { until } from '../../support/until.ts'
import { serve } from '../support/served.ts'
import * as platforma from './platforma-sample.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await sharedPlatform()
}, 120_000)

const example = (file: string) =>
  JSON.parse(readFileSync(new URL(`../../../examples/workflows/${file}`, import.meta.url), 'utf8'))

/** An organization with a channel `ops-alerts`, a cluster, and a rule for its CPU. */
async function furnished(node_count: number): Promise<{ organization: TestOrganization; client: Client; id: string }> {
  const organization = await platform.organization()
  const webhookDefaults = { wireFormat: 'platforma', signatureProfiles: ['platforma' as const] }
  const client = createClient({ baseUrl: platform.base, apiKey: organization.apiKey, webhookDefaults })
  await client.notifications.channels.create({ name: 'ops-alerts', type: 'in_app' })
  const { id } = await client.infrastructure.clusters.create({ name: 'web', node_count })
  await client.infrastructure.alertRules.create({ metric: 'cpu', operator: 'gt', threshold: 90, clearBelow: 80 })
  return { organization, client, id }
}

/** The metric rises above the threshold, from below. */
async function alarm(client: Client, cluster_id: string): Promise<void> {
  await client.infrastructure.metrics.send({ cluster_id, metric: 'cpu', value: 50 })
  const { triggered } = await client.infrastructure.metrics.send({ cluster_id, metric: 'cpu', value: 95 })
  expect(triggered).toHaveLength(1)
}

const ready = (client: Client, id: string, node_count: number) =>
  until(
    () => client.infrastructure.clusters.get(id),
    cluster => cluster.status === 'ready' && cluster.node_count === node_count,
  )

/** Messages of the history, which comes a moment later. */
async function said(client: Client): Promise<string[]> {
  const { data } = await until(
    () => client.notifications.list(),
    found => found.data.length > 0,
  )
  return data.map(({ message }) => message)
}

describe("PLATFORMA's autoScaleCluster", () => {
  it('as it is written scales from 19 to 20 on an alert, and at 20 does nothing', async () => {
    const { client, id } = await furnished(19)
    const scaled: Array<Promise<void>> = []
    const autoScaleCluster = platforma.scaling(client)
    const nothing = () => undefined
    const app = express()
    app.use(rawBody(), express.json())
    platforma.receive(app, {
      ...{ sendWelcomeEmail: nothing, notifyOpsTeam: nothing },
      autoScaleCluster: clusterId => void scaled.push(autoScaleCluster(clusterId as string)),
    })
    const served = await serve(app)
    const webhook = await platforma.register(client)
    await client.events.webhooks.update(webhook.id, {
      ...{ url: `${served.url}/webhooks/platforma`, events: [...webhook.events, 'alert.triggered'] },
    })
    for (const count of [1, 2]) {
      await alarm(client, id)
      await until(
        () => scaled.length,
        calls => calls === count,
      )
      await Promise.all(scaled)
      await ready(client, id, 20)
    }
    // Its message says what it asked for, not what the cluster got: the workflow below does better.
    expect(await said(client)).toEqual(['Auto-scaled cluster web from 19 to 21 nodes'])
    await served.close()
  })
})

describe('the workflow for auto-scaling', () => {
  it('says 20 where it scaled from 19 to 20, and at 20 neither scales nor says anything', async () => {
    const { client, id } = await furnished(19)
    const workflow = await client.workflows.create(example('auto-scaling.json'))
    await client.workflows.deploy(workflow.id)
    for (const count of [1, 2]) {
      await alarm(client, id)
      const ended = await until(
        () => client.workflows.runsOf(workflow.id),
        ({ data }) => data.filter(({ finishedAt }) => finishedAt !== null).length === count,
      )
      expect(ended.data.map(({ status }) => status)).toEqual(Array(count).fill('succeeded'))
      await ready(client, id, 20)
    }
    expect(await said(client)).toEqual(['Auto-scaled cluster web from 19 to 20 nodes'])
  })

  it('has debug parameters that are an alert as it is announced', async () => {
    const { client, id, organization } = await furnished(3)
    await alarm(client, id)
    const { data } = await until(
      () => organization.call<Array<{ data: object }>>('GET', '/api/v1/events?types=alert.triggered&from=earliest'),
      ({ data }) => data.length > 0,
    )
    expect(Object.keys(data[0]!.data)).toEqual(expect.arrayContaining(Object.keys(example('auto-scaling.params.json'))))
  })
})
