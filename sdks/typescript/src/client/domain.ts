/** `client.orders`, `resources`, `invoices`, `infrastructure` and `designs`. Changes are repeated safely: each has an idempotency key. */
import type { Random } from '../clock.ts'
import { at, createCalls } from './call.ts'
import type { Send } from './transport.ts'
import type {
  AlertRule,
  CallOptions,
  ChangeOptions,
  Cluster,
  Design,
  DesignElement,
  DesignExport,
  DesignShare,
  DesignSummary,
  Domain,
  DomainFilter,
  HealthResult,
  Instance,
  Invoice,
  JudgedMetric,
  Metric,
  NewAlertRule,
  NewCluster,
  NewDesign,
  NewHealth,
  NewInstance,
  NewInvoice,
  NewOrder,
  NewReleaseDeployment,
  NewUsagePlan,
  OfDesign,
  Order,
  ReleaseDeployment,
  Resource,
  ResourceStatus,
  Scaled,
  Scaling,
  Suggestion,
  UsageInvoice,
  UsagePlan,
} from './types.ts'

type Reason = { reason?: string }
type Removed = { id: string; deleted: true }

export function createDomain(send: Send, random: Random) {
  /** Calls below a path, whose changes carry a key. */
  function below(base: string) {
    const calls = createCalls(send, base)
    const keyed = ({ idempotencyKey = `sdk-${random.id()}`, ...rest }: ChangeOptions = {}) => ({
      ...rest,
      headers: { 'idempotency-key': idempotencyKey },
    })
    return {
      ...calls,
      post: <T>(path: string, body: unknown, options?: ChangeOptions) => calls.post<T>(path, body, keyed(options)),
      patch: <T>(path: string, body: unknown, options?: ChangeOptions) => calls.patch<T>(path, body, keyed(options)),
      delete: <T>(path: string, options?: ChangeOptions) => calls.delete<T>(path, keyed(options)),
    }
  }

  /** Reading records of one kind, newest first. */
  const reading = <T, L = T>(calls: ReturnType<typeof below>) => ({
    list: (query: DomainFilter & Record<string, unknown> = {}, options: CallOptions = {}) =>
      calls.list<L>('', query, options),
    each: (query: DomainFilter & Record<string, unknown> = {}, options: CallOptions = {}) =>
      calls.each<L>('', query, options),
    get: (id: string, options?: CallOptions) => calls.get<T>(at(id), options),
  })

  const orders = below('/orders')
  const resources = below('/resources')
  const invoices = below('/invoices')
  const usagePlans = below('/invoices/usage-plans')
  const designs = below('/designs')
  const clusters = below('/infrastructure/clusters')
  const alertRules = below('/infrastructure/alert-rules')
  const metrics = below('/infrastructure/metrics')
  const instances = below('/infrastructure/instances')
  const deployments = below('/infrastructure/deployments')
  const domains = below('/infrastructure/domains')

  const step =
    <T>(calls: ReturnType<typeof below>, action: string) =>
    (id: string, input: Reason = {}, options?: ChangeOptions) =>
      calls.post<T>(`${at(id)}/${action}`, input, options)

  return {
    orders: {
      create: (input: NewOrder, options?: ChangeOptions) => orders.post<Order>('', input, options),
      ...reading<Order>(orders),
    },
    resources: {
      ...reading<Resource>(resources),
      update: (id: string, input: { status: ResourceStatus }, options?: ChangeOptions) =>
        resources.patch<Resource>(at(id), input, options),
      delete: (id: string, options?: ChangeOptions) => resources.delete<Resource>(at(id), options),
    },
    invoices: {
      create: (input: NewInvoice, options?: ChangeOptions) => invoices.post<Invoice>('', input, options),
      ...reading<Invoice>(invoices),
      /** Of the usage of a month that is over; made once for a month and customer. */
      createOfUsage: (input: UsageInvoice, options?: CallOptions) => invoices.post<Invoice>('/usage', input, options),
      usagePlans: {
        /** A customer has one. */
        create: (input: NewUsagePlan, options?: ChangeOptions) => usagePlans.post<UsagePlan>('', input, options),
        ...reading<UsagePlan>(usagePlans),
        delete: (id: string, options?: ChangeOptions) => usagePlans.delete<Removed>(at(id), options),
      },
      pay: (id: string, options?: ChangeOptions) => invoices.post<Invoice>(`${at(id)}/pay`, undefined, options),
    },
    infrastructure: {
      clusters: {
        create: (input: NewCluster, options?: ChangeOptions) => clusters.post<Cluster>('', input, options),
        ...reading<Cluster>(clusters),
        /** A number within the bounds of the cluster, or a delta that goes as far as they let it. */
        scale: (id: string, input: Scaling, options?: ChangeOptions) =>
          clusters.post<Scaled>(`${at(id)}/scale`, input, options),
        delete: (id: string, options?: ChangeOptions) => clusters.delete<Cluster>(at(id), options),
      },
      alertRules: {
        create: (input: NewAlertRule, options?: ChangeOptions) => alertRules.post<AlertRule>('', input, options),
        ...reading<AlertRule>(alertRules),
        update: (id: string, input: Partial<NewAlertRule>, options?: ChangeOptions) =>
          alertRules.patch<AlertRule>(at(id), input, options),
        delete: (id: string, options?: ChangeOptions) => alertRules.delete<Removed>(at(id), options),
      },
      metrics: {
        /** Judged by the rules for its cluster. */
        send: (input: Metric, options?: ChangeOptions) => metrics.post<JudgedMetric>('', input, options),
      },
      instances: {
        create: (input: NewInstance, options?: ChangeOptions) => instances.post<Instance>('', input, options),
        ...reading<Instance>(instances),
        start: step<Instance>(instances, 'start'),
        stop: step<Instance>(instances, 'stop'),
        fail: step<Instance>(instances, 'fail'),
        suspend: step<Instance>(instances, 'suspend'),
        unsuspend: step<Instance>(instances, 'unsuspend'),
        scale: (id: string, input: Reason & { replicas: number }, options?: ChangeOptions) =>
          instances.post<Instance>(`${at(id)}/scale`, input, options),
        delete: (id: string, options?: ChangeOptions) => instances.delete<Instance>(at(id), options),
        reportHealth: (id: string, input: NewHealth, options?: ChangeOptions) =>
          instances.post<HealthResult>(`${at(id)}/health`, input, options),
        /** The newest result of each check. */
        health: (id: string, query: DomainFilter = {}, options: CallOptions = {}) =>
          instances.list<HealthResult>(`${at(id)}/health`, query, options),
      },
      deployments: {
        create: (input: NewReleaseDeployment, options?: ChangeOptions) =>
          deployments.post<ReleaseDeployment>('', input, options),
        ...reading<ReleaseDeployment>(deployments),
        succeed: step<ReleaseDeployment>(deployments, 'succeed'),
        fail: step<ReleaseDeployment>(deployments, 'fail'),
        rollback: step<ReleaseDeployment>(deployments, 'rollback'),
      },
      domains: {
        add: (input: { hostname: string }, options?: ChangeOptions) => domains.post<Domain>('', input, options),
        ...reading<Domain>(domains),
        /** Verifies it, or renews a certificate that expires. */
        verify: (id: string, input: { certificate_days?: number } = {}, options?: ChangeOptions) =>
          domains.post<Domain>(`${at(id)}/verify`, input, options),
        remove: (id: string, options?: ChangeOptions) => domains.delete<Domain>(at(id), options),
      },
    },
    designs: {
      create: (input: NewDesign, options?: ChangeOptions) => designs.post<Design>('', input, options),
      ...reading<Design, DesignSummary>(designs),
      update: (id: string, input: Partial<Pick<Design, 'name' | 'description' | 'style'>>, options?: ChangeOptions) =>
        designs.patch<Design>(at(id), input, options),
      delete: (id: string, options?: ChangeOptions) => designs.delete<Removed>(at(id), options),
      export: (id: string, input: { format: string; preset?: string }, options?: ChangeOptions) =>
        designs.post<OfDesign<DesignExport>>(`${at(id)}/export`, input, options),
      getExport: (id: string, exportId: string, options?: CallOptions) =>
        designs.get<DesignExport>(`${at(id)}/exports${at(exportId)}`, options),
      share: (id: string, input: { visibility?: 'private' | 'link' | 'public' } = {}, options?: ChangeOptions) =>
        designs.post<OfDesign<DesignShare>>(`${at(id)}/share`, input, options),
      getShare: (id: string, shareId: string, options?: CallOptions) =>
        designs.get<DesignShare>(`${at(id)}/shares${at(shareId)}`, options),
      addElement: (id: string, input: { type: string; properties?: object }, options?: ChangeOptions) =>
        designs.post<OfDesign<DesignElement>>(`${at(id)}/elements`, input, options),
      applySuggestion: (id: string, n: number, options?: ChangeOptions) =>
        designs.post<OfDesign<Suggestion>>(`${at(id)}/suggestions${at(String(n))}/apply`, undefined, options),
    },
  }
}
