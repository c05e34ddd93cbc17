/** The rest of the client layer on three brokers: the harness itself, readers and leases. */
import { describe, jest } from '@jest/globals'
import { harnessTests } from './client/harness.ts'
import { memberTests } from './client/member.ts'
import { readerTests } from './client/reader.ts'
import { shareCluster } from './client/shared-cluster.ts'

jest.setTimeout(180_000)

const shared = shareCluster()

describe('the harness', () => harnessTests(shared))
describe('reading', () => readerTests(shared))
describe('leases', () => memberTests(shared))
