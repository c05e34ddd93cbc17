/**
 * The client layer on three brokers that die, freeze and hand over: what a start finds, topics, connections and writers. All on one cluster, which is
 * started once and healed between the tests; the order matters in the beginning, where the cluster is empty. Readers and leases are in
 * `client.long.test.ts`.
 */
import { describe, jest } from '@jest/globals'
import { provisioningTests } from './client/provisioning.ts'
import { shareCluster } from './client/shared-cluster.ts'
import { guardTests, startTests } from './client/start.ts'
import { wireTests } from './client/wire.ts'
import { writerTests } from './client/writer.ts'

/** Facts are asserted, not seconds: on a busy machine a broker takes its time to start, and its replicas to catch up. */
jest.setTimeout(180_000)

const shared = shareCluster()

describe('a start', () => startTests(shared))
describe('topics', () => provisioningTests(shared))
describe('connections', () => wireTests(shared))
describe('writing', () => writerTests(shared))
describe('the egress guard', () => guardTests(shared))
